#!/usr/bin/env bash
# What is typed wrongly, and the pages that explain it.
. "${BASH_SOURCE%/*}/cli.sh"

commands='ask chat view watch cameras devices show tokenize dump compare kernels shaders bench quantize pull list rm verify help version'

works
check overview on stdout -- grep -q 'vidi ask' "$tmp/out"
check nothing on stderr -- test ! -s "$tmp/err"
for command in $commands; do check overview has it -- grep -Eq "^  $command +[a-z]" "$tmp/out"; done
cp "$tmp/out" "$tmp/overview"
for spelling in help --help -h; do
    works $spelling
    check the same page -- cmp -s "$tmp/out" "$tmp/overview"
done
for command in $commands; do
    works help "$command"
    check its page -- grep -q "^vidi $command: " "$tmp/out"
    check 80 columns -- test "$(awk '{ print length }' "$tmp/out" | sort -n | tail -1)" -le 80
    cp "$tmp/out" "$tmp/page"
    works "$command" --help
    check the same page -- cmp -s "$tmp/out" "$tmp/page"
done
works help ask
for option in -m --image -p -n -c --temp --top-k --top-p --min-p --seed --device --json --raw --batch \
    --no-cache --debug -v; do
    check listed -- grep -Eq -- "(^|[ ,])$option([ ,]|$)" "$tmp/out"
done
check a long name on a line of its own -- grep -Eq '^ +--cache-type f32\|f16\|q8_0$' "$tmp/out"
works help debug
check the words of --debug -- grep -q '^  validate - ' "$tmp/out"
works version
check a version -- grep -Eq '^vidi [0-9]+\.[0-9]+\.[0-9]+$' "$tmp/out"
works --version

fails 2 'no command sho; did you mean show\?' sho
fails 2 'no command xyzzy; `vidi help` lists them' xyzzy
fails 2 'did you mean tokenize\?' help tokenise
fails 2 'ask has no option --imge; did you mean --image\?' ask --imge x.png hi
fails 2 'ask has no option --zzzzzz; `vidi help ask` lists them' ask --zzzzzz
fails 2 'ask has no option -x' ask -x
fails 2 'show has no option --temp' show --temp 1
fails 2 '--temp wants a number from 0 to 100, not "hot"' ask --temp hot hi
fails 2 '--temp wants a number from 0 to 100, not "-1"' ask --temp=-1 hi
fails 2 '--temp wants .* not "nan"' ask --temp nan hi
fails 2 '--top-p wants a number from 0 to 1, not "1.5"' ask --top-p 1.5 hi
fails 2 '-n wants a whole number from 1 to 1000000, not "2.5"' ask -n 2.5 hi
fails 2 '-n wants .* not ""' ask -n '' hi
fails 2 '--seed wants .* not "18446744073709551616"' ask --seed 18446744073709551616 hi
fails 2 '-n wants a value: -n N' ask hi -n
fails 2 '--json takes no value' ask --json=yes hi
fails 2 'ask wants a question' ask
fails 2 'version has no use for "now"' version now
fails 2 'too few arguments; use: vidi compare DIR_A DIR_B' compare one
fails 2 'too few arguments; use: vidi tokenize' tokenize
fails 2 'compare has no use for "c"' compare a b c
fails 2 'dump wants --prompt' dump --to "$tmp/d"
fails 2 'dump wants --to' dump --prompt hi
fails 2 '--batch takes its pictures and questions from b.jsonl alone' ask --batch b.jsonl hi
picture "$tmp/p.ppm" 4 4
fails 2 "ask wants a question after the picture $tmp/p.ppm" ask "$tmp/p.ppm"
# What users of llama.cpp type: done, or so here anyway, or what to use instead.
for option in '-i hi:vidi chat' '-mg 0:--device' '--repeat-penalty 1.1:--temp' '--grammar x:not there yet' \
    '--rope-scale 2:file says' '-ctk f16:--cache-type' '--image-max-tokens 64:processor'; do
    # shellcheck disable=SC2086
    fails 2 "^vidi: ${option%% *}.*: .*${option##*:}" ask ${option%:*} hi
done
fails 2 'version has no option -ngl' version -ngl 99
fails 2 '-f and -p' ask -f x -p y
fails 2 'no-such.txt: No such file' ask -f no-such.txt
fails 2 'a question may hold 16 MiB' ask -f /dev/zero
printf 'a\0b' >"$tmp/nul.txt"
fails 2 'the question is no text: byte 3 \(ed\) is not UTF-8' ask $'ab\355\240\200'
fails 2 'the system prompt is no text: byte 1 \(ff\)' ask --system-prompt $'\377' hi
fails 2 'the question is no text: byte 1 \(ff\)' watch test -p $'\377'
printf '\357\273\277--zz\r\n' >"$tmp/mark.txt"
fails 2 'byte 2 is NUL' ask -f "$tmp/nul.txt"
fails 2 '-n wants a whole number from 1 to 1000000, not "-2"' ask -n -2 hi
fails 2 'no command a\\x1b\[31mb\\nc' $'a\033[31mb\nc'
finish
