"""check_boxes.py LOG WIDTH HEIGHT [ID...]: in the newest frame of the log no two controls lie over one
another, no text lacks room, nothing is outside of the window, nothing that can be used is too small
to be hit, and all of these are seen (ID.: one whose name begins so). Of several layers only the
uppermost counts."""
import json
import sys

KINDS = {"button", "picker", "field", "label", "line", "switch", "item", "picture", "progress", "banner"}
# Made to lie over others, or what others are a part of.
ABOVE = {"caption", "toast", "tip", "mark"}
INSIDE = {("banner", "banner.action"), ("banner", "banner.close")}


def inside(box, clip):
    x, y = max(box[0], clip[0]), max(box[1], clip[1])
    right, bottom = min(box[0] + box[2], clip[0] + clip[2]), min(box[1] + box[3], clip[1] + clip[3])
    return [x, y, right - x, bottom - y]


def overlap(a, b):
    c = inside(a, b)
    return c[2] > 1 and c[3] > 1


def alone(b, box, width, height):
    """What is wrong with one control, of which this much is seen."""
    window = [0, 0, width, height]
    if box[2] <= 0 or box[3] <= 0:
        if (b["text"] or b["kind"] != "label") and b["clip"] == window:
            yield f"{b['id']} is not to be seen: {b['box']}"
        return
    if inside(box, window) != box:
        yield f"{b['id']} reaches out of the window: {box}"
    if b["kind"] in ("button", "picker", "switch", "field") and box == b["box"] and min(box[2:]) < 12:
        yield f"{b['id']} is too small: {box}"
    if b["cut"]:
        yield f"{b['id']} has no room for its text \"{b['text']}\": {b['box']}"
    # Scrolling goes up and down only.
    if b["box"][0] < b["clip"][0] or b["box"][0] + b["box"][2] > b["clip"][0] + b["clip"][2]:
        yield f"{b['id']} is cut off at a side: {b['box']} in {b['clip']}"


def main():
    newest = [line for line in open(sys.argv[1]) if '"ev":"boxes"' in line and line[-1] == "\n"][-1]
    width, height = int(sys.argv[2]), int(sys.argv[3])
    boxes = json.loads(newest)["boxes"]
    top = max(b["layer"] for b in boxes)
    seen = [b for b in boxes if b["kind"] in KINDS and (b["layer"] == top or b["id"] in ABOVE)]
    problems = []
    shown = []
    for b in seen:
        box = inside(b["box"], b["clip"])
        problems += alone(b, box, width, height)
        if box[2] > 0 and box[3] > 0:
            shown.append((b, box))
    for i, (a, box_a) in enumerate(shown):
        for b, box_b in shown[i + 1:]:
            if ABOVE & {a["id"], b["id"]} or (a["id"], b["id"]) in INSIDE:
                continue
            if overlap(box_a, box_b):
                problems.append(f"{a['id']} {box_a} and {b['id']} {box_b} lie over one another")
    for want in sys.argv[4:]:
        if not any(b["id"] == want or (want[-1] == "." and b["id"].startswith(want)) for b, _ in shown):
            problems.append(f"{want} is not seen")
    for p in problems:
        print(p)
    print(f"{len(shown)} controls at {width} x {height}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
