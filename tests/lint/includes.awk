# Includes point down only. Variables: layers (FOLDER PATTERN lines), file.
BEGIN {
    n = split(layers, lines, "\n")
    for (i = 1; i <= n && !allowed; i++)
        if (split(lines[i], part, " ") == 2 && index(file, part[1] "/") == 1) {
            folder = part[1]
            allowed = part[2]
        }
    if (!allowed) {
        print file ": its folder has no row in the table of layers"
        bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    if ($0 ~ /<vulkan\// && folder != "engine/src/gpu") {
        print file ":" FNR ": only engine/src/gpu includes Vulkan"
        bad = 1
    }
    next
}
/^[ \t]*#[ \t]*include[ \t]*"/ && allowed {
    split($0, quoted, "\"")
    name = quoted[2]
    own = name !~ /\// && allowed ~ /(^|\|)own$/
    # A module's name stands for its folder; a name with a dot is one file.
    if (own || name ~ ("^(" allowed ")(/|$)")) next
    print file ":" FNR ": " folder " must not include \"" name "\""
    bad = 1
}
END { exit bad }
