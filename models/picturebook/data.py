"""Compositions with questions and answers, made from a seed.

scene(rng, kinds) gives (picture as 128x128 RGB uint8, [(kind of question, question, answer)],
[thing that was drawn, in reading order]) with things as (name, colour or None, x0, y0, x1, y1), and
the colour of the background (None where it has no single one).
The same generator serves training and evaluation; they differ in seeds, and evaluation may use the
pictures that were held back.
"""
import io
import math
import re

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 128
COLOURS = {"red": (214, 35, 35), "green": (40, 150, 55), "blue": (40, 75, 210),
           "yellow": (245, 215, 40), "orange": (245, 135, 25), "purple": (130, 50, 165),
           "pink": (245, 135, 180), "brown": (120, 72, 35), "black": (22, 22, 22),
           "white": (246, 246, 246), "gray": (130, 130, 130)}
SHAPES = ["circle", "square", "triangle", "star", "rectangle", "cross", "diamond", "hexagon", "heart"]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six"]
FONTS = ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
         "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
         "/usr/share/fonts/truetype/liberation/LiberationSerif-Bold.ttf",
         "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf"]
WORDS = """CAT DOG SUN CAR BUS HAT CUP BED BOX TOY ANT BEE FOX OWL PIG COW HEN RED BIG HOT ICE JAM
KEY MAP NET OIL PEN RUN SEA TEA TOP VAN WEB YES ZOO OPEN STOP EXIT PUSH PULL SALE FREE HELP HOME LOVE
MILK FISH BIRD TREE MOON STAR RAIN SNOW WIND FIRE DOOR BOOK GAME MUSIC WATER BREAD APPLE LEMON HOUSE
TRAIN PLANE TAXI HOTEL CAFE PARK SHOP BANK NORTH SOUTH EAST WEST HELLO WORLD NIGHT LIGHT GREEN BLUE
BLACK WHITE SMILE PAPER STONE RIVER BEACH""".split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_fonts = {}


def font(path, size):
    if (path, size) not in _fonts:
        _fonts[path, size] = ImageFont.truetype(path, size)
    return _fonts[path, size]


def pick(rng, items):
    return items[int(rng.integers(len(items)))]


def article(name):
    if name.endswith("s") and name.split()[-1] not in ("bus", "octopus", "cactus", "hibiscus", "compass", "dress",
                                           "abacus", "cross", "walrus", "platypus"):
        return name
    if name in ("bread", "broccoli", "corn", "garlic", "coffee", "dna", "salt", "soap", "sushi", "yarn",
                "spaghetti", "popcorn", "bacon", "butter", "candy", "shrimp", "bowling", "badminton",
                "fire", "coral"):
        return name
    return ("an " if name[0] in "aeiou" and name != "unicorn" else "a ") + name


# --- drawing ---------------------------------------------------------------------------------


def shade(rng, colour, amount=22):
    return tuple(int(v) for v in np.clip(np.array(colour) + rng.integers(-amount, amount + 1, 3), 0, 255))


def background(rng):
    """A picture and the name of its colour (None where it has no single one)."""
    style = rng.integers(10)
    names = list(COLOURS)
    if style < 5:
        name = "white" if rng.random() < 0.35 else pick(rng, names)
        return Image.new("RGB", (SIZE, SIZE), shade(rng, COLOURS[name], 9)), name
    a, b = rng.integers(0, 256, (2, 3))
    ramp = np.linspace(0, 1, SIZE)[:, None]
    field = np.broadcast_to(ramp, (SIZE, SIZE)) if rng.random() < 0.5 else np.broadcast_to(ramp.T, (SIZE, SIZE))
    picture = a + (b - a) * field[..., None]
    if style >= 8:  # soft blotches, as photos have behind their subject
        small = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8).astype(np.uint8))
        blotches = np.asarray(small.resize((SIZE, SIZE), Image.BICUBIC), np.float32)
        picture = 0.3 * picture + 0.7 * blotches
    if style >= 7:
        picture = picture + rng.normal(0, rng.uniform(3, 16), (SIZE, SIZE, 1))
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)), None


def polygon(n, turn, cx, cy, r, inner=None):
    points = []
    for i in range(n if inner is None else 2 * n):
        step = 2 * math.pi / (n if inner is None else 2 * n)
        radius = r if inner is None or i % 2 == 0 else inner
        points.append((cx + radius * math.sin(turn + i * step), cy - radius * math.cos(turn + i * step)))
    return points


def heart(c, r):
    points = []
    for i in range(40):
        t = 2 * math.pi * i / 40
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((c + x * r / 17, c - y * r / 17))
    return points


def shape_sprite(rng, name, colour, size):
    """An RGBA picture of about size x size, drawn large and shrunk."""
    s = size * 3
    picture = Image.new("RGBA", (s, s), (0, 0, 0, 0))
    d = ImageDraw.Draw(picture)
    fill = shade(rng, COLOURS[colour], 12) + (255,)
    c, r, turn = s / 2, s * 0.47, rng.uniform(-0.3, 0.3)
    if name == "circle":
        d.ellipse((c - r, c - r, c + r, c + r), fill)
    elif name == "rectangle":
        w, h = (r, r * 0.5) if rng.random() < 0.5 else (r * 0.5, r)
        d.rectangle((c - w, c - h, c + w, c + h), fill)
    elif name == "cross":
        w = r * 0.34
        d.rectangle((c - w, c - r, c + w, c + r), fill)
        d.rectangle((c - r, c - w, c + r, c + w), fill)
    elif name == "heart":
        d.polygon(heart(c, r), fill)
    elif name == "diamond":
        d.polygon([(c, c - r), (c + r * 0.66, c), (c, c + r), (c - r * 0.66, c)], fill)
    elif name == "square":
        d.polygon(polygon(4, math.pi / 4 + turn * 0.35, c, c, r), fill)
    elif name == "triangle":
        d.polygon(polygon(3, turn * 0.6, c, c, r), fill)
    elif name == "hexagon":
        d.polygon(polygon(6, turn, c, c, r), fill)
    else:
        d.polygon(polygon(5, turn * 0.5, c, c, r, r * 0.42), fill)
    return picture.resize((size, size), Image.LANCZOS)


def recoloured(rng, array):
    """Other light on a thing: each channel stronger or weaker; transparency stays."""
    gains = np.append(rng.uniform(0.72, 1.28, 3), 1)
    return np.clip(array * gains, 0, 255).astype(np.uint8)


def thing_sprite(rng, array, size, turned=True):
    if rng.random() < 0.3:
        array = recoloured(rng, array)
    picture = Image.fromarray(array)
    if rng.random() < 0.3:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    longest = max(picture.size)
    w, h = (max(1, round(v * size / longest)) for v in picture.size)
    picture = picture.resize((w, h), Image.BILINEAR)
    if turned and rng.random() < 0.4:
        picture = picture.rotate(rng.uniform(-18, 18), Image.BILINEAR, expand=True)
    return picture


def finish(rng, picture):
    """What cameras and files do to pictures."""
    if rng.random() < 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    array = np.asarray(picture, np.float32)
    if rng.random() < 0.3:
        array = (array - 128) * rng.uniform(0.85, 1.1) + 128 + rng.uniform(-12, 12)
    if rng.random() < 0.25:
        array = array + rng.normal(0, rng.uniform(1, 7), array.shape)
    picture = Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))
    if rng.random() < 0.25:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=int(rng.integers(45, 95)))
        picture = Image.open(out).convert("RGB")
    return np.asarray(picture)


def places(rng, n, size):
    """n top-left corners for squares of that size that do not touch; fewer where they do not fit."""
    found = []
    for _ in range(400):
        if len(found) == n:
            break
        x, y = rng.integers(0, SIZE - size + 1, 2)
        if all(abs(x - a) >= size or abs(y - b) >= size for a, b in found):
            found.append((int(x), int(y)))
    return found


def around(spot, size, inner):
    """The box of a sprite of that inner size in the middle of its square."""
    x, y = (v + (size - inner) // 2 for v in spot)
    return x, y, x + inner, y + inner


def paste(picture, sprite, x, y, size):
    at = (x + (size - sprite.width) // 2, y + (size - sprite.height) // 2)
    picture.paste(sprite, at, sprite)


# --- questions -------------------------------------------------------------------------------


def colour_word(rng):
    return "colour" if rng.random() < 0.5 else "color"


def ask_what(rng):
    return pick(rng, ["What is this?", "What is in this picture?", "What is in the picture?",
                      "What do you see?", "What thing is shown?", "Name the thing in the picture.",
                      "What is it?", "What can you see in this picture?"])


def ask_describe(rng):
    return pick(rng, ["Describe the picture.", "Describe this picture.", "Describe the image.",
                      "Describe what you see.", "What does the picture show?"])


def yes_no(rng, name, others, there):
    """A balanced question after a thing: there is one, or there is not."""
    asked = name if there else pick(rng, others)
    form = pick(rng, ["Is there {} in the picture?", "Do you see {}?", "Is there {}?",
                      "Can you see {} in this picture?"])
    return ("yesno", form.format(article(asked)), "Yes." if there else "No.")


def background_question(rng, name):
    return ("colour", f"What {colour_word(rng)} is the background?", name.capitalize() + ".")


def scene_thing(rng, kinds, held):
    """One thing, large."""
    names = list(kinds)
    name = pick(rng, held) if held else pick(rng, names)
    pictures = kinds[name]["held" if held else "train"]
    picture, ground = background(rng)
    size = int(rng.integers(56, 124))
    x, y = (int(v) for v in rng.integers(0, SIZE - size + 1, 2))
    sprite = thing_sprite(rng, pick(rng, pictures), size)
    paste(picture, sprite, x, y, size)
    said = article(name)
    qa = [("what", ask_what(rng), said.capitalize() + "."),
          ("describe", ask_describe(rng), f"A picture of {said}" +
           (f" on a {ground} background." if ground else ".")),
          yes_no(rng, name, [n for n in names if n != name], True),
          yes_no(rng, name, [n for n in names if n != name], False),
          ("count", "How many things are there?", "One.")]
    if ground:
        qa.append(background_question(rng, ground))
    return finish(rng, picture), qa, [(name, None, x, y, x + size, y + size)], ground


def describe_list(parts):
    text = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    return text[0].upper() + text[1:] + "."


def ordered(rng, first, second, before, behind):
    """A balanced question after the order of two things that lie so."""
    word, one, other = pick(rng, [(before, first, second), (behind, second, first)])
    if rng.random() < 0.5:
        return ("position", f"Is the {one} {word} the {other}?", "Yes.")
    return ("position", f"Is the {other} {word} the {one}?", "No.")


def position_questions(rng, named, spots):
    """Left, right, above, below, for two things that lie clearly so."""
    (ax, ay), (bx, by) = spots[:2]
    a, b = named[:2]
    qa = []
    if abs(ax - bx) > 24:
        left, right = (a, b) if ax < bx else (b, a)
        for side, want in (("left", left), ("right", right)):
            qa.append(("position", f"What is on the {side}?", article(want).capitalize() + "."))
        side, want = pick(rng, [("left", left), ("right", right)])
        qa.append(("position", pick(rng, ["Where is the {}?", "On which side is the {}?"]).format(want),
                   f"On the {side}."))
        qa.append(ordered(rng, left, right, "left of", "right of"))
    if abs(ay - by) > 24:
        top, bottom = (a, b) if ay < by else (b, a)
        for side, want in (("top", top), ("bottom", bottom)):
            qa.append(("position", f"What is at the {side}?", article(want).capitalize() + "."))
        qa.append(ordered(rng, top, bottom, "above", "below"))
    return qa


def pair_questions(rng, shape, colour):
    """Which of several shapes has which colour: each asked of, so that no answer can be guessed."""
    return [("colour", pick(rng, [f"What {colour_word(rng)} is the {shape}?",
                                  f"Which {colour_word(rng)} does the {shape} have?"]),
             colour.capitalize() + "."),
            ("shape", pick(rng, [f"What shape is {colour}?", f"What is the {colour} shape?",
                                 f"Which shape is {colour}?", f"Which one is {colour}?"]),
             article(shape).capitalize() + ".")]


def scene_shapes(rng, kinds, held):
    """One to four shapes of different forms and colours."""
    n = int(rng.choice([1, 2, 2, 3, 4]))
    picture, ground = background(rng)
    size = int(rng.integers(36, {1: 110, 2: 58, 3: 50, 4: 46}[n]))
    spots = places(rng, n, size)
    n = len(spots)
    shapes = [str(v) for v in rng.permutation(SHAPES)[:n]]
    free = [c for c in COLOURS if c != ground]
    colours = [str(v) for v in rng.permutation(free)[:n]]
    sizes = [size] * n
    largest = None
    if n > 1 and rng.random() < 0.5:
        sizes = [int(size * (1 if i == 0 else rng.uniform(0.42, 0.66))) for i in range(n)]
        largest = 0
    for (x, y), s, c, z in zip(spots, shapes, colours, sizes):
        paste(picture, shape_sprite(rng, s, c, max(z, 14)), x, y, size)
    i = int(rng.integers(n))
    qa = [q for s, c in zip(shapes, colours) for q in pair_questions(rng, s, c)]
    qa += [yes_no(rng, f"{colours[i]} {shapes[i]}",
                  [f"{c} {s}" for c, s in zip(free, SHAPES) if s not in shapes] +
                  [f"{c} {shapes[i]}" for c in free if c != colours[i]] +
                  [f"{colours[k]} {shapes[i]}" for k in range(n) if k != i] * 4,
                  bool(rng.random() < 0.5)),
           yes_no(rng, shapes[i], [s for s in SHAPES if s not in shapes], bool(rng.random() < 0.5)),
           ("count", pick(rng, ["How many shapes are there?", "How many things are there?"]),
            NUMBERS[n].capitalize() + ".")]
    parts = [article(f"{c} {s}") for c, s in zip(colours, shapes)]
    order = sorted(range(n), key=lambda k: spots[k])
    qa.append(("describe", ask_describe(rng), describe_list([parts[k] for k in order])))
    if n == 1:
        qa.append(("what", ask_what(rng), describe_list(parts)))
    if largest is not None:
        qa.append(("position", pick(rng, ["What is the largest shape?", "Which shape is largest?"]),
                   article(shapes[0]).capitalize() + "."))
    if n == 2:
        centres = [(x + size / 2, y + size / 2) for x, y in spots]
        qa += position_questions(rng, shapes, centres)
    if ground:
        qa.append(background_question(rng, ground))
    drawn = [(shapes[k], colours[k]) + around(spots[k], size, max(sizes[k], 14)) for k in order]
    return finish(rng, picture), qa, drawn, ground


def plural(name):
    if name.endswith("s") or name in ("fish", "sushi", "shrimp"):
        return name + ("es" if name in ("bus", "cross", "octopus", "cactus", "dress") else "")
    if name.endswith(("x", "ch", "sh")):
        return name + "es"
    return name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"


COUNTED = ["dog", "cat", "apple", "banana", "car", "duck", "fish", "star", "balloon", "bee", "key",
           "frog", "owl", "pear", "pizza", "egg", "carrot", "lemon", "mouse", "tree", "turtle", "crab"]


def scene_count(rng, kinds, held):
    """One to six of the same."""
    n = int(rng.integers(1, 7)) if rng.random() < 0.3 else int(rng.integers(1, 6))
    picture, ground = background(rng)
    size = int(rng.integers(20, 36 if n > 3 else 46))
    spots = places(rng, n, size)
    n = len(spots)
    if rng.random() < 0.6:
        name = pick(rng, SHAPES)
        colour = pick(rng, [c for c in COLOURS if c != ground])
        sprites = [shape_sprite(rng, name, colour, int(size * rng.uniform(0.8, 1))) for _ in spots]
        extra = [("colour", f"What {colour_word(rng)} are the {plural(name)}?" if n > 1 else
                  f"What {colour_word(rng)} is the {name}?", colour.capitalize() + ".")]
        look = f"{colour} "
    else:
        name = pick(rng, [c for c in COUNTED if c in kinds])
        array = pick(rng, kinds[name]["train"])
        sprites = [thing_sprite(rng, array, int(size * rng.uniform(0.85, 1))) for _ in spots]
        extra, look = [], ""
    for (x, y), sprite in zip(spots, sprites):
        paste(picture, sprite, x, y, size)
    other = int(rng.integers(1, 7))
    qa = [("count", pick(rng, ["How many {} are there?", "How many {} do you see?",
                               "Count the {}.", "How many {} are in the picture?"]).format(plural(name)),
           NUMBERS[n].capitalize() + "."),
          ("count", "How many things are there?", NUMBERS[n].capitalize() + "."),
          ("yesno", f"Are there {NUMBERS[other if other != 1 else n]} {plural(name)}?" if n > 1 else
           f"Is there {article(name)}?",
           "Yes." if n == 1 or other in (n, 1) else "No."),
          ("describe", ask_describe(rng),
           (f"{NUMBERS[n]} {look}{plural(name)}" if n > 1 else article(look + name)).capitalize() + ".")]
    drawn = [(name, colour if look else None) + around(spot, size, size) for spot in sorted(spots)]
    return finish(rng, picture), qa + extra, drawn, ground


def scene_text(rng, kinds, held):
    """A printed word or number."""
    digits = rng.random() < 0.4
    if digits:
        text = "".join(str(v) for v in rng.integers(0, 10, int(rng.integers(1, 5))))
    elif rng.random() < 0.45:
        text = pick(rng, WORDS)
    else:
        text = "".join(pick(rng, LETTERS) for _ in range(int(rng.integers(3, 6))))
    picture, ground = background(rng)
    path, size = pick(rng, FONTS), 64
    box = font(path, size).getbbox(text)
    widest = rng.uniform(0.55, 0.97) * SIZE
    size = max(18, min(72, int(size * widest / (box[2] - box[0]))))
    face = font(path, size)
    box = face.getbbox(text)
    w, h = box[2] - box[0], box[3] - box[1]
    x = int(rng.integers(0, max(1, SIZE - w)))
    y = int(rng.integers(0, max(1, SIZE - h)))
    ground_colour = np.asarray(picture, np.float32).mean((0, 1))
    far = [c for c in COLOURS if np.abs(np.array(COLOURS[c]) - ground_colour).sum() > 210]
    colour = pick(rng, far or ["black"])
    layer = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    ImageDraw.Draw(layer).text((x - box[0], y - box[1]), text, font=face,
                               fill=shade(rng, COLOURS[colour], 10) + (255,))
    if rng.random() < 0.3:
        layer = layer.rotate(rng.uniform(-7, 7), Image.BILINEAR)
    picture.paste(layer, (0, 0), layer)
    kind = "digits" if digits else "word"
    if digits:
        question = pick(rng, ["What number is this?", "What number is written here?", "Read the number.",
                              "Which digits do you see?"])
    else:
        question = pick(rng, ["What word is this?", "What does it say?", "Read the word.",
                              "What is written here?", "What does the text say?"])
    qa = [(kind, question, text + "."),
          (kind, pick(rng, ["Read the text.", "What is written in the picture?"]), text + "."),
          ("describe", ask_describe(rng), f"The {'number' if digits else 'word'} {text}."),
          ("colour", f"What {colour_word(rng)} is the {'number' if digits else 'text'}?",
           colour.capitalize() + "."),
          ("yesno", "Is there text in the picture?", "Yes.")]
    ends = [x + face.getlength(text[:k]) * w / face.getlength(text) for k in range(len(text) + 1)]
    drawn = [(c, colour, ends[k], y, ends[k + 1], y + h) for k, c in enumerate(text)]
    return finish(rng, picture), qa, drawn, ground


def scene_mixed(rng, kinds, held):
    """Two or three different things."""
    names = [str(v) for v in rng.permutation(list(kinds))[:3 if rng.random() < 0.3 else 2]]
    picture, ground = background(rng)
    size = int(rng.integers(46, 62))
    spots = places(rng, len(names), size)
    names = names[:len(spots)]
    for (x, y), name in zip(spots, names):
        paste(picture, thing_sprite(rng, pick(rng, kinds[name]["train"]), size), x, y, size)
    others = [n for n in kinds if n not in names]
    order = sorted(range(len(names)), key=lambda k: spots[k])
    qa = [("describe", ask_describe(rng), describe_list([article(names[k]) for k in order])),
          ("count", "How many things are there?", NUMBERS[len(names)].capitalize() + "."),
          yes_no(rng, names[0], others, bool(rng.random() < 0.5)),
          yes_no(rng, names[-1], others, bool(rng.random() < 0.5)),
          ("yesno", "Is there text in the picture?", "No.")]
    if len(names) == 2:
        qa += position_questions(rng, names, [(x + size / 2, y + size / 2) for x, y in spots])
    if ground:
        qa.append(background_question(rng, ground))
    drawn = [(names[k], None) + around(spots[k], size, size) for k in order]
    return finish(rng, picture), qa, drawn, ground


SINGULAR = {plural(name): name for name in COUNTED + SHAPES}

SCENES = [(scene_thing, 0.23), (scene_shapes, 0.32), (scene_count, 0.11), (scene_text, 0.22),
          (scene_mixed, 0.12)]


def scene(rng, kinds, which=None, held=None, scenes=SCENES):
    """One composition. which: a scene function; held: names whose held-back pictures are used."""
    if which is None:
        which = scenes[int(rng.choice(len(scenes), p=[w for _, w in scenes]))][0]
    return which(rng, kinds, held)


# --- facts: what the training's hints name ----------------------------------------------------


def fact_names(kinds):
    """Every fact a picture may have, by name."""
    pairs = [f"{c} {s}" for c in COLOURS for s in SHAPES]
    letters = [f"{v} {i}" for v in LETTERS + "0123456789" for i in range(5)]
    return (list(kinds) + list(COLOURS) + SHAPES + NUMBERS[1:] + [f"on {c}" for c in COLOURS] +
            ["word", "number"] + pairs + letters)


def facts(turns, known):
    """Indices of what the questions and answers say of the picture; known: name -> index."""
    said = []
    for kind, question, answer in turns:
        words = re.findall("[a-z]+", answer.lower())
        if kind == "describe" and "word" not in words and "number" not in words:
            words = words[:words.index("on")] if "on" in words else words
            words = [SINGULAR.get(w, w) for w in words]
            said += words + [f"{a} {b}" for a, b in zip(words, words[1:])]
        elif kind in ("word", "digits"):
            said += [f"{v} {i}" for i, v in enumerate(answer[:-1])]
            said.append("word" if kind == "word" else "number")
        elif kind == "colour":
            said.append(("on " if "background" in question else "") + words[0])
        elif question == "How many things are there?":
            said += words
    return sorted({known[s] for s in said if s in known})


# --- marks: what the training's hints say of every row of the encoder --------------------------


def mark_names(kinds):
    """The classes a place may have: nothing, or the thing drawn there."""
    return ["nothing"] + list(kinds) + SHAPES + list(LETTERS + "0123456789")


def marks(drawn, ground, known, cells):
    """What lies at each place: int64 [3][cells][2 * cells] of thing, colour and reading order (-1
    says nothing), and the places' weights, so that a small thing counts as much as a large one.

    A place is half a row of the encoder wide; known: class name -> index.
    """
    out = np.full((3, cells, 2 * cells), -1)
    out[0], out[2] = 0, 0
    weight = np.zeros((cells, 2 * cells), np.float32)
    if ground:
        out[1] = list(COLOURS).index(ground)
    high, wide = SIZE / cells, SIZE / cells / 2
    for order, (name, colour, x0, y0, x1, y1) in enumerate(drawn):
        column, row = np.arange(2 * cells), np.arange(cells)
        inside_x = (np.abs((column + 0.5) * wide - (x0 + x1) / 2) < (x1 - x0) * 0.4)
        inside_y = (np.abs((row + 0.5) * high - (y0 + y1) / 2) < (y1 - y0) * 0.4)
        inside_x |= column == int(np.clip((x0 + x1) / 2, 0, SIZE - 1) // wide)
        inside_y |= row == int(np.clip((y0 + y1) / 2, 0, SIZE - 1) // high)
        at = inside_y[:, None] & inside_x[None]
        out[0][at] = known[name]
        out[1][at] = list(COLOURS).index(colour) if colour else -1
        out[2][at] = 1 + order
        weight[at] = 1 / at.sum()
    empty = out[0] == 0
    weight[empty] = 0.5 / max(1, empty.sum())
    return out, weight


# Without a picture.
TALK = [("Hello.", "Hello! Show me a picture and ask about it."),
        ("Hi!", "Hello! Show me a picture and ask about it."),
        ("hello", "Hello! Show me a picture and ask about it."),
        ("Who are you?", "I am picturebook, a small model that looks at pictures."),
        ("What are you?", "I am picturebook, a small model that looks at pictures."),
        ("What can you do?", "I name things, colours, shapes, numbers and words in pictures."),
        ("What is this?", "Show me a picture first."),
        ("What is in this picture?", "Show me a picture first."),
        ("How many things are there?", "Show me a picture first."),
        ("Thank you.", "You are welcome."), ("Thanks!", "You are welcome."),
        ("Bye.", "Goodbye."), ("Goodbye.", "Goodbye.")]
