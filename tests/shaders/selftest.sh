#!/bin/bash
# The budget can be broken: a kernel made to spill is over it, and its own row lets it through.
# usage: selftest.sh PROGRAM SCRATCH      PROGRAM: vidi_shader_stats over tests/shaders/fixture
set -u
program=$1 scratch=$2
said=$("$program" navi21 tests/shaders/budget.txt 2>&1)
status=$?
if ((status == 77)); then
    echo "$said"
    exit 77
fi
if ((status != 1)) || [[ $said != *"OVER BUDGET"*"1 over budget"* ]]; then
    echo "FAIL: a spilling kernel passed: $said"
    exit 1
fi
printf '%s\n' 'navi31 spilling - 0 0 0' 'navi21 spilling - 9999 9999 999999' '* * * 0 0 0' \
    >"$scratch/budget.txt"
if ! said=$("$program" navi21 "$scratch/budget.txt" 2>&1); then
    echo "FAIL: its own row did not let it through: $said"
    exit 1
fi
if "$program" navi31 "$scratch/budget.txt" >/dev/null 2>&1; then
    echo "FAIL: a row of another target let it through"
    exit 1
fi
echo "navi21 spilling" >"$scratch/budget.txt"
if "$program" navi21 "$scratch/budget.txt" >/dev/null 2>&1; then
    echo "FAIL: a broken budget file was accepted"
    exit 1
fi
