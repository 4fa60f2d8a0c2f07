# terminal.sh - sourced by tests that type on a pseudo terminal, behind cli.sh.
command -v script >/dev/null || { echo 'skipped: no script(1) for a pseudo terminal' && finish; }

# wait_for TEXT COUNT: until the screen has shown it so often
wait_for() {
    local i
    for ((i = 0; i < 1200; i++)); do
        [ "$(grep -aoF -- "$1" screen | wc -l)" -ge "$2" ] && return
        sleep 0.1
    done
    complain "the terminal never showed $2 times: $1"
}
# The screen ends in a prompt. What is typed before one is shown may be lost, as on any terminal.
wait_for_prompt() {
    local i
    for ((i = 0; i < 1200; i++)); do
        [ "$(tail -c 2 screen)" = '> ' ] && return
        sleep 0.1
    done
    complain "the terminal never came to a prompt"
}
# Types on a terminal that shows `vidi chat`, or COMMAND; the screen goes to ./screen.
terminal() { # OPTIONS [COMMAND]
    rm -f keys
    mkfifo keys
    : >screen
    # What a script starts in its background ignores SIGINT; env gives the default back. exec, since
    # a dash that sees Ctrl-C too ends with 130 whatever the program said.
    env --default-signal=INT timeout 300 script -qefc "${2:-exec $VIDI chat $1}" /dev/null <keys >screen 2>&1 &
    pid=$!
    exec 3>keys
}
leave() {
    exec 3>&-
    wait "$pid"
    code=$?
    cp screen out
}
