"""Pictures of things with a name, from packages that Debian ships.

A kind is a thing with one short English name ("dog"). Its pictures are the colour emoji of that
name, and drawings and photos of the stamp and clip art collections whose file is called so.
"""
import glob
import os
import re
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image, ImageDraw, ImageFont

EMOJI_FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
EMOJI_NAMES = "/usr/share/unicode/cldr/common/annotations/en.xml"
STAMPS = "/usr/share/tuxpaint/stamps"
CLIPART = "/usr/share/openclipart/png"
SPRITE = 112  # longest side of a stored sprite

# The kinds: names that are short, common, and of things that look like nothing else here.
KINDS = """abacus accordion airplane alien ambulance anchor ant apple avocado axe backpack bacon
badger badminton bagel balloon banana banjo baseball basketball bat bathtub battery bear beaver bed
bee bell bicycle bird bison blossom blueberries boar bomb bone books boomerang bouquet bowling brain
bread briefcase broccoli broom bucket bug burrito bus butter butterfly cactus cake calendar camel
camera candle candy canoe car carrot castle cat chains chair cherries chestnut chick chicken
chipmunk chopsticks church cigarette cloud coat coconut coffee coffin comet compass cookie coral
corn cow crab crayon cricket crocodile croissant crown cucumber cupcake dagger deer desert dna dodo
dog dolphin door doughnut dove dragon dress drum duck eagle egg eggplant elephant envelope factory
feather ferry fire fireworks fish flamingo flashlight football fountain fox frog garlic gear ghost
giraffe glasses gloves goat gorilla grapes guitar hamburger hammer hamster handbag headphone
hedgehog helicopter hibiscus horse hospital house jar jeans joystick kangaroo key kite koala ladder
ladybug laptop lemon leopard lion lipstick lizard llama lobster lollipop loudspeaker magnet mammoth
mango megaphone melon memo microphone microscope mirror monkey mosque mosquito motorcycle mountain
mouse mushroom necktie newspaper octopus olive onion orangutan otter owl oyster package paintbrush
pancakes panda paperclip parachute parrot peach peacock peanuts pear pen pencil penguin pie pig pill
pineapple pizza popcorn potato pretzel printer pushpin rabbit raccoon radio rainbow rat razor ring
robot rocket rooster rose sailboat salt sandwich satellite saxophone scarf school scissors scorpion
screwdriver seal seedling shark shield ship shorts shower shrimp skateboard skull skunk sloth snail
snake snowflake snowman soap socks spaghetti spider spoon squid stethoscope strawberry sun sunflower
sunglasses sushi swan syringe taco taxi teapot telephone telescope television tent thermometer tiger
toilet tomato tooth toothbrush tornado tractor train trophy trumpet tulip turkey turtle umbrella
unicorn vampire violin volcano volleyball waffle wastebasket watermelon whale window wolf worm
wrench yarn zebra zombie""".split()

# Annotated names that are shorter in plain speech.
RENAME = {"dog face": "dog", "cat face": "cat", "mouse face": "mouse", "rabbit face": "rabbit",
          "monkey face": "monkey", "cow face": "cow", "pig face": "pig", "tiger face": "tiger",
          "horse face": "horse", "dragon face": "dragon", "red apple": "apple",
          "ear of corn": "corn", "automobile": "car", "soccer ball": "football",
          "hot beverage": "coffee", "birthday cake": "cake", "spouting whale": "whale",
          "lady beetle": "ladybug", "honeybee": "bee", "front-facing baby chick": "chick",
          "two-hump camel": "camel", "water wave": "wave", "racing car": "car", "shortcake": "cake",
          "crocodile": "crocodile", "sun with face": "sun", "polar bear": "bear"}


def read_names():
    """Code point -> name, for single code points only."""
    names = {}
    for a in ET.parse(EMOJI_NAMES).getroot().iter("annotation"):
        text = a.get("cp")
        if a.get("type") == "tts" and len(text) == 1 and 0x2600 <= ord(text) <= 0x1FAFF:
            names[text] = a.text.strip()
    return names


def thing_name(name):
    """The kind's name, or None for what is none of the kinds."""
    name = RENAME.get(name, name).lower()
    return name if name in KINDS else None


def trim(picture):
    """Cuts a transparent border off and shrinks to the stored size; None for what is empty."""
    box = picture.getchannel("A").point(lambda a: 255 if a > 24 else 0).getbbox()
    if not box or box[2] - box[0] < 16 or box[3] - box[1] < 16:
        return None
    picture = picture.crop(box)
    picture.thumbnail((SPRITE, SPRITE), Image.BICUBIC)
    return picture


def emoji_sprite(font, text):
    picture = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((8, 8), text, font=font, embedded_color=True)
    return trim(picture)


def collection_files():
    """Name of the thing -> files of the collections that are called so."""
    files = {}
    for folder in (STAMPS, CLIPART):
        for path in sorted(glob.glob(folder + "/**/*.png", recursive=True)):
            stem = os.path.splitext(os.path.basename(path))[0].lower()
            stem = re.sub(r"[^a-z]+", " ", stem).strip()
            stem = re.sub(r" (photo|right|left|color|colour|bw|[a-z])$", "", stem)
            files.setdefault(stem, []).append(path)
    return files


def load_file(path):
    try:
        picture = Image.open(path)
        if picture.width * picture.height > 4_000_000:
            return None
        picture = picture.convert("RGBA")
    except (OSError, ValueError):
        return None
    return trim(picture)


def load_kinds(most_files=6):
    """Name -> {"train": [sprites], "held": [sprites]}; a sprite is an RGBA uint8 array.

    The last file of a kind with two files or more is held back for evaluation.
    """
    font = ImageFont.truetype(EMOJI_FONT, 109)
    files = collection_files()
    kinds, seen = {}, {}
    for text, annotated in sorted(read_names().items()):
        name = thing_name(annotated)
        sprite = emoji_sprite(font, text) if name else None
        if sprite is None:
            continue
        key = np.asarray(sprite).tobytes()
        if key in seen:
            continue
        seen[key] = True
        kind = kinds.setdefault(name, {"train": [], "held": []})
        kind["train"].append(np.asarray(sprite))
    for name, kind in kinds.items():
        paths = files.get(name, [])[:most_files]
        sprites = [s for s in map(load_file, paths) if s is not None]
        held = sprites[-1:] if len(sprites) >= 2 else []
        kind["held"] += [np.asarray(s) for s in held]
        kind["train"] += [np.asarray(s) for s in sprites[:len(sprites) - len(held)]]
    return dict(sorted(kinds.items()))


if __name__ == "__main__":
    all_kinds = load_kinds()
    print(len(all_kinds), "kinds,", sum(len(k["train"]) for k in all_kinds.values()), "pictures,",
          sum(len(k["held"]) for k in all_kinds.values()), "held back")
    print(", ".join(all_kinds))
