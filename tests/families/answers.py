"""The shipped model answers about stored pictures, through the program: answers.py VIDI FOLDER

models/picturebook/questions.py made the folder. Weights that have been trained on may answer some
questions differently; they must not answer many worse. Asked about each other's pictures the same
questions must fail, so that guessing is seen.
"""
import json
import os
import subprocess
import sys

LEAST, KIND_LEAST, MOST_BLIND = 0.85, 0.5, 0.5  # shares of right answers


def ask(vidi, folder, rows):
    lines = "".join(json.dumps({"image": os.path.join(folder, image), "prompt": r["prompt"]}) + "\n"
                    for r, image in rows)
    done = subprocess.run([vidi, "ask", "--batch", "-", "--temp", "0", "-n", "24"], input=lines,
                          stdout=subprocess.PIPE, text=True)
    answers = [json.loads(line).get("text", "").strip() for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(rows):
        sys.exit(f"{vidi}: exit code {done.returncode}, {len(answers)} answers to {len(rows)} questions")
    return [a == r["answer"] for a, (r, _) in zip(answers, rows)], answers


def main():
    vidi, folder = sys.argv[1:]
    with open(os.path.join(folder, "questions.jsonl")) as f:
        rows = [json.loads(line) for line in f]
    right, answers = ask(vidi, folder, [(r, r["image"]) for r in rows])
    for r, ok, said in zip(rows, right, answers):
        if not ok:
            print(f"{r['image']}: {r['prompt']} {said} instead of {r['answer']}")
    print(f"{sum(right)} of {len(rows)} right")
    blind, _ = ask(vidi, folder, [(r, other["image"]) for r, other in zip(rows, rows[7:] + rows[:7])])
    print(f"{sum(blind)} of {len(rows)} right about other pictures")
    failed = sum(right) < LEAST * len(rows) or sum(blind) > MOST_BLIND * len(rows)
    for kind in {r["kind"] for r in rows}:
        share = [ok for ok, r in zip(right, rows) if r["kind"] == kind]
        if sum(share) < KIND_LEAST * len(share):
            print(f"{kind}: {sum(share)} of {len(share)} right")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
