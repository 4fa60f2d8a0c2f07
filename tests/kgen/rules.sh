#!/bin/bash
# Every shader of tests/kgen/bad breaks one house rule and says in `// expect:` what kgen must
# answer; kgen must also name the file, fail, and write nothing.
# usage: rules.sh KGEN SCRATCH GLSLC
set -u
kgen=$1 scratch=$2/kgen_rules glslc=$3
bad=tests/kgen/bad failures=0

fail() {
    echo "FAIL $1"
    failures=$((failures + 1))
}

expect() { # NAME FOLDER TEXT...: kgen must refuse the folder with all these texts
    local name=$1 folder=$2 said
    shift 2
    if said=$("$kgen" --shaders "$folder" --out "$scratch/out" --glslc "$glslc" 2>&1); then
        fail "$name: kgen accepted it"
    fi
    for text in "$@"; do
        [[ $said == *"$text"* ]] || fail "$name: kgen does not say: $text"$'\n'"$said"
    done
    [[ -e $scratch/out/kernels.h ]] && fail "$name: kgen wrote kernels.h"
    [[ -e $scratch/out/kernels.c ]] && fail "$name: kgen wrote kernels.c"
}

n=0
for shader in "$bad"/*.comp; do
    name=$(basename "$shader" .comp)
    wanted=$(sed -n 's|^// expect: ||p' "$shader")
    [[ -n $wanted ]] || fail "$name has no expected message"
    rm -rf "$scratch"
    mkdir -p "$scratch/in/area"
    cp "$shader" "$scratch/in/area"
    expect "$name" "$scratch/in" "kgen: $scratch/in/area/$name.comp" "$wanted"
    n=$((n + 1))
done

# Rules about more than one file, and about the tool itself.
rm -rf "$scratch"
mkdir -p "$scratch/in/a" "$scratch/in/b"
cp tests/kgen/good/plain.comp "$scratch/in/a"
cp tests/kgen/good/plain.comp "$scratch/in/b"
expect "same stem twice" "$scratch/in" "kernel name 'plain' is taken by"
expect "no folder" "$scratch/nowhere" "cannot be opened"
rm -r "$scratch/in/b"
glslc=/nonexistent/glslc
expect "no compiler" "$scratch/in" "cannot be run" "does not compile"

((n >= 30)) || fail "only $n shaders in $bad"
((failures == 0)) && echo "$n broken shaders refused, each with its message"
exit $((failures > 0))
