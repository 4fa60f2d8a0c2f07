"""check_boxes.py LOG WIDTH HEIGHT: in the newest frame of the log no two controls lie over one
another, nothing is outside of the window, and nothing that can be used is too small to be hit."""
import json
import sys

KINDS = {"button", "picker", "field", "label", "picture", "progress", "banner"}


def inside(box, clip):
    x, y = max(box[0], clip[0]), max(box[1], clip[1])
    right, bottom = min(box[0] + box[2], clip[0] + clip[2]), min(box[1] + box[3], clip[1] + clip[3])
    return [x, y, right - x, bottom - y]


def overlap(a, b):
    c = inside(a, b)
    return c[2] > 1 and c[3] > 1


def main():
    frames = [json.loads(line) for line in open(sys.argv[1]) if '"ev":"boxes"' in line]
    width, height = int(sys.argv[2]), int(sys.argv[3])
    seen = [b for b in frames[-1]["boxes"] if b["kind"] in KINDS]
    problems = []
    shown = []
    for b in seen:
        box = inside(b["box"], b["clip"])
        if box[2] <= 0 or box[3] <= 0:
            if b["kind"] != "label" and b["box"][2] > 0 and b["clip"] == [0, 0, width, height]:
                problems.append(f"{b['id']} is not to be seen")
            continue
        if box[0] < 0 or box[1] < 0 or box[0] + box[2] > width or box[1] + box[3] > height:
            problems.append(f"{b['id']} reaches out of the window: {box}")
        if b["kind"] in ("button", "picker") and box == b["box"] and (box[2] < 12 or box[3] < 12):
            problems.append(f"{b['id']} is too small: {box}")
        shown.append((b, box))
    for i, (a, box_a) in enumerate(shown):
        for b, box_b in shown[i + 1:]:
            if {"caption", "toast"} & {a["id"], b["id"]} or a["id"].split(".")[0] == b["id"].split(".")[0]:
                continue
            if overlap(box_a, box_b):
                problems.append(f"{a['id']} {box_a} and {b['id']} {box_b} lie over one another")
    for p in problems:
        print(p)
    print(f"{len(shown)} controls at {width} x {height}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
