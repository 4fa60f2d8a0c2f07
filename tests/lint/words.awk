# Lines whose code matches `word`; comments, texts and characters do not count.
FNR == 1 { in_comment = 0 }
{
    code = ""
    rest = $0
    while (rest != "") {
        if (in_comment) {
            at = index(rest, "*/")
            if (!at) break
            rest = substr(rest, at + 2)
            in_comment = 0
            continue
        }
        if (!match(rest, /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|\/\*|\/\//)) {
            code = code rest
            break
        }
        code = code substr(rest, 1, RSTART - 1)
        token = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        if (token == "//") break
        if (token == "/*") in_comment = 1
        else code = code "\"\""
    }
    if (match(code, word)) {
        found = substr(code, RSTART, RLENGTH)
        sub(/^[^A-Za-z_]/, "", found)
        printf "%s:%d: `%s` has no place here\n", FILENAME, FNR, found
        bad = 1
    }
}
END { exit bad }
