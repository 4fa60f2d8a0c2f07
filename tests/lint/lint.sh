#!/bin/bash
# The house rules that no compiler holds.
# usage: lint.sh RULE [ROOT]     RULE: includes headers lengths words format
# Prints every breach as FILE:LINE: WHAT; exit status 1 when there is one, 77 when a tool is missing.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
rule=${1:?usage: lint.sh RULE [ROOT]}
cd "${2:-$here/../..}" || exit 2

max_function=100 # lines
max_file=1000

files() { # SUFFIXES FOLDERS...: the files that exist, without generated ones and fixtures
    local suffixes=$1 folders=()
    shift
    for folder in "$@"; do [[ -e $folder ]] && folders+=("$folder"); done
    ((${#folders[@]})) || return 0
    find "${folders[@]}" -regextype posix-extended -type d \
        \( -name fixtures -o -name 'build*' \) -prune -o -type f -regex ".*\.($suffixes)" -print | sort
}

# FOLDER  what it may include from "...", as a regular expression; `own` is a file beside it.
# A longer folder comes before a shorter one that it begins with.
layers="
engine/src/base     base|vidi
engine/src/io       io|base|vidi
engine/src/text     text|io|base|vidi
engine/src/gpu      gpu|base|vidi
engine/src/ops/ref  ops|base|vidi
engine/src/ops      ops|gpu|base|vidi|kernels\.h
engine/src/graph    graph|ops|gpu|io|base|vidi|kernels\.h
engine/src/chat     chat|models|graph|ops|gpu|text|io|base|vidi|kernels\.h
models              models|graph/graph\.h
engine/cli          vidi|viewer\/source\/source\.h|base\/replace\.h|base\/json_cost\.h|own
viewer/source       io\/kind\.h|own
viewer              vidi|base|source|viewer|engine\/cli|own
examples            vidi
"

rule_includes() {
    local breaches=0
    while read -r file; do
        awk -v layers="$layers" -v file="$file" -f "$here/includes.awk" "$file" || breaches=1
    done < <(files 'c|h' engine/src engine/cli models viewer examples)
    return $breaches
}

rule_headers() {
    local breaches=0
    for header in engine/include/vidi/*.h; do
        ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iengine/include \
            -x c "$header" || breaches=1
        ${CXX:-c++} -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iengine/include \
            -x c++ "$header" || breaches=1
    done
    return $breaches
}

rule_lengths() {
    files 'c|h|cc|comp|glsl|sh|py' engine models viewer examples shaders tests |
        xargs -r awk -v max_function=$max_function -v max_file=$max_file -f "$here/lengths.awk"
}

# FOLDERS (with ,)                WORDS that code there must not hold, comments and texts left out
forbidden="
engine/src,models                 (abort|exit|_exit|quick_exit|assert|printf|vprintf|puts|putchar|perror)[(]
engine/src,models                 (fprintf|vfprintf|fputs|fputc)[(][^;]*(stderr|stdout)
engine/src,models  (getenv|secure_getenv|setenv|putenv)[(]
engine/src,engine/cli,models      (gets|alloca|strtok|system|popen)[(]
engine/src/base,engine/src/io,engine/src/text,engine/src/ops,engine/src/graph,models,engine/cli  vk[A-Z][a-z]
"

rule_words() {
    local breaches=0 folders word
    while read -r folders word; do
        [[ -n $folders ]] || continue
        # shellcheck disable=SC2046
        files 'c|h' ${folders//,/ } |
            xargs -r awk -v word="(^|[^A-Za-z0-9_])$word" -f "$here/words.awk" || breaches=1
    done <<<"$forbidden"
    # Paths of the machine where something was written.
    if files 'c|h|cc|comp|glsl|cmake|txt|md|sh|py' . |
        xargs -r grep -nHE "(^|[^A-Za-z0-9_./~-])/(work|home|root)/" /dev/null; then
        breaches=1
    fi
    return $breaches
}

rule_format() {
    command -v clang-format >/dev/null || {
        echo "clang-format is not installed"
        return 77
    }
    files 'c|h' engine models viewer examples tests | xargs -r clang-format --dry-run -Werror 2>&1 |
        grep -E '^[^ ].*error' | sort -u -t: -k1,1 | sed 's/ \[-Wclang.*//'
    return $((PIPESTATUS[1] != 0))
}

declare -F "rule_$rule" >/dev/null || {
    echo "no rule '$rule': includes headers lengths words format" >&2
    exit 2
}
"rule_$rule"
status=$?
((status == 0 || status == 77)) || status=1
exit $status
