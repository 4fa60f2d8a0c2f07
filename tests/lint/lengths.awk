# No function longer than max_function lines, no file longer than max_file. Counts on the house
# format: a function begins with a line that starts in column 0, and ends with a lone } there.
FNR == 1 {
    check_file()
    start = opened = 0
    file = FILENAME
}
{ lines = FNR }
FILENAME ~ /\.(sh|py)$/ { next }
/^[A-Za-z_]/ && !opened {
    start = /\(/ && !/;[ \t]*$/ && !/\}[ \t]*$/ ? FNR : 0
    opened = start && /\{[ \t]*$/
    name = $0
    sub(/\(.*/, "", name)
    sub(/.*[ *]/, "", name)
    next
}
start && !opened {
    if (/\{[ \t]*$/) opened = 1
    else if (/;[ \t]*$/) start = 0 # it was a declaration
}
/^}/ {
    if (opened && /^}[ \t]*$/ && FNR - start + 1 > max_function) {
        printf "%s:%d: %s has %d lines; at most %d\n", file, start, name, FNR - start + 1, max_function
        bad = 1
    }
    start = opened = 0
}
function check_file() {
    if (file && lines > max_file) {
        printf "%s:%d: the file is too long; at most %d lines\n", file, lines, max_file
        bad = 1
    }
}
END {
    check_file()
    exit bad
}
