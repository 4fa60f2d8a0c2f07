#!/bin/bash
# kgen compiles again what changed, and only that.
# usage: cache.sh KGEN SCRATCH GLSLC
set -u
kgen=$1 scratch=$2/kgen_cache glslc=$3 failures=0
rm -rf "$scratch"
mkdir -p "$scratch"
cp -r tests/kgen/good "$scratch/in"

# A compiler that counts its calls.
cat >"$scratch/glslc" <<END
#!/bin/bash
[[ \$1 == --version ]] || echo call >>"$scratch/calls"
exec "$glslc" "\$@"
END
chmod +x "$scratch/glslc"

expect() { # NAME CALLS
    : >"$scratch/calls"
    if ! "$kgen" --shaders "$scratch/in" --out "$scratch/out" --glslc "$scratch/glslc" \
        2>"$scratch/said"; then
        cat "$scratch/said"
        failures=$((failures + 1))
    fi
    local calls
    calls=$(wc -l <"$scratch/calls")
    if ((calls != $2)); then
        echo "FAIL $1: the compiler ran $calls times, not $2"
        failures=$((failures + 1))
    fi
}

rm "$scratch/in/tensor_cores.comp"
expect "first time" 16 # 8 variants, each with names and optimised
before=$(stat -c %Y.%i "$scratch/out/kernels.h" "$scratch/out/kernels.c")
expect "nothing changed" 0
if [[ $before != "$(stat -c %Y.%i "$scratch/out/kernels.h" "$scratch/out/kernels.c")" ]]; then
    echo "FAIL: unchanged files were written again"
    failures=$((failures + 1))
fi
echo "// a word" >>"$scratch/in/plain.comp"
expect "one shader changed" 2
echo "// a word" >>"$scratch/in/common/type.glsl"
expect "an included file changed" 12
sed -i 's/: f32 f16/: f32 f16 q8/' "$scratch/in/every.comp"
expect "a variant more" 18
cp tests/kgen/good/tensor_cores.comp "$scratch/in"
expect "an extension unknown to the compiler" 2
wanted="kgen: tensor_cores left out: $scratch/glslc does not know GL_KHR_no_such_extension"
if ! grep -qxF "$wanted" "$scratch/said"; then
    echo "FAIL: not said: $wanted"
    cat "$scratch/said"
    failures=$((failures + 1))
fi
if grep -q tensor_cores "$scratch/out/kernels.h"; then
    echo "FAIL: tensor_cores is in kernels.h"
    failures=$((failures + 1))
fi
exit $((failures > 0))
