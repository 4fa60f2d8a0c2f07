#!/bin/bash
# The budget can be broken: a kernel made to spill is over it, and its own row lets it through.
# usage: selftest.sh PROGRAM SCRATCH      PROGRAM: vidi_spilling, over tests/shaders/fixture
set -u
program=$1 scratch=$2
budget() { # TARGET FILE COMMAND...: says
    said=$(python3 tests/shaders/budget.py "$@" 2>&1)
}
wrong() {
    echo "FAIL: $*: $said"
    exit 1
}
"$program" >"$scratch/spilling.json"
case $? in
0) ;;
77) exit 77 ;;
*) exit 1 ;;
esac
budget navi21 tests/shaders/budget.txt "$program" && wrong "a spilling kernel passed"
[[ $said == *"OVER BUDGET: spilling"*"scratch"* ]] || wrong "it failed for another reason"
printf '%s\n' 'navi31 spilling - * 0 0 0' 'navi21,vega* spilling - * 9999 9999 999999' \
    '* * * * 0 0 0' >"$scratch/budget.txt"
budget navi21 "$scratch/budget.txt" "$program" || wrong "its own row did not let it through"
budget vega10 "$scratch/budget.txt" "$program" || wrong "a pattern of targets did not let it through"
budget navi31 "$scratch/budget.txt" "$program" && wrong "a row of another target let it through"
echo 'navi21 spilling - 1 9999 9999 999999' >"$scratch/budget.txt"
budget navi21 "$scratch/budget.txt" "$program" && wrong "more registers than allowed passed"
[[ $said == *"OVER BUDGET: spilling"*"registers"*"1 allowed"* ]] || wrong "other words"
echo "navi21 spilling" >"$scratch/budget.txt"
budget navi21 "$scratch/budget.txt" "$program" && wrong "a broken budget file was accepted"
sed 's/"spilled": [0-9]*/"spilled": null/' "$scratch/spilling.json" >"$scratch/untold.json"
echo '* * * * * * *' >"$scratch/budget.txt"
budget navi21 "$scratch/budget.txt" cat "$scratch/untold.json" && wrong "a silent driver passed"
echo '{"shaders": []}' >"$scratch/untold.json"
budget navi21 "$scratch/budget.txt" cat "$scratch/untold.json" && wrong "no shader at all passed"
exit 0
