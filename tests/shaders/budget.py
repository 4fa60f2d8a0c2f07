"""What kernels may cost on a GPU that is not here, held against what its compiler said.

usage: budget.py TARGET BUDGET_FILE COMMAND...    COMMAND prints what `vidi shaders --json` does

Exit status 1 when a shader is over the first row of the budget that fits it, when the driver does
not tell registers and spills, or when COMMAND fails."""
import fnmatch
import json
import subprocess
import sys

LIMITS = ("registers", "spilled", "spilled_2", "scratch")


def read_budget(path):
    """[(target, kernel, variant, [limit or None])]"""
    rows = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 7 or not all(w == "*" or w.isdigit() for w in words[3:]):
            sys.exit(f"{path}:{number}: no row: {line.strip()}")
        rows.append((*words[:3], [None if w == "*" else int(w) for w in words[3:]]))
    return rows


def limits_of(rows, target, shader):
    for names, kernel, variant, limits in rows:
        if (any(fnmatch.fnmatch(target, n) for n in names.split(","))
                and fnmatch.fnmatch(shader["kernel"], kernel)
                and fnmatch.fnmatch(shader["variant"] or "-", variant)):
            return limits
    return [None, 0, 0, 0]


def breaches(rows, target, shader):
    for name, limit in zip(LIMITS, limits_of(rows, target, shader)):
        number = shader[name]
        if number is None and name in ("registers", "spilled"):
            yield f"{name} not told"
        elif number is not None and limit is not None and number > limit:
            yield f"{name} {number}, {limit} allowed"


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    target, path, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    rows = read_budget(path)
    shaders = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["shaders"]
    over, most = 0, {}
    for s in shaders:
        most[s["kernel"]] = max(most.get(s["kernel"], 0), s["registers"] or 0)
        for what in breaches(rows, target, s):
            specs = " ".join(f"{k}={v}" for k, v in s["specs"].items())
            print(f"OVER BUDGET: {s['kernel']} {s['variant'] or '-'} {specs}: {what}")
            over += 1
    print(f"{target}: {len(shaders)} shaders, {over} over budget; registers at most:",
          ", ".join(f"{k} {n}" for k, n in sorted(most.items())))
    sys.exit(1 if over or not shaders else 0)


if __name__ == "__main__":
    main()
