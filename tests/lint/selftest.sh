#!/bin/bash
# Every lint can fail: each folder of fixtures/RULE/ breaks the rule as its file `expect` says, or
# keeps it when `expect` is empty.
set -u
cd "$(dirname "$0")" || exit 2
failures=0 n=0
for expect in fixtures/*/*/expect; do
    folder=$(dirname "$expect") rule=$(basename "$(dirname "$(dirname "$expect")")")
    wanted=$(<"$expect")
    said=$(./lint.sh "$rule" "$folder" 2>&1)
    status=$?
    if ((status == 77)); then
        echo "skip $folder: $said"
        continue
    fi
    n=$((n + 1))
    [[ -n $wanted ]] && broken=1 || broken=0
    if ((status != broken)) || [[ $said != *"$wanted"* ]] || { ((!broken)) && [[ -n $said ]]; }; then
        echo "FAIL $folder: exit status $status, said: $said"
        failures=$((failures + 1))
    fi
done
echo "$n fixtures, $failures wrong"
exit $((failures > 0 || n < 20))
