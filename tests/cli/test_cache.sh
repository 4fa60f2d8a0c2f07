#!/usr/bin/env bash
# A cache that cannot be read is not an empty one.
. "${BASH_SOURCE%/*}/cli.sh"

cd "$tmp" || exit 1
export HF_HUB_CACHE=$tmp/none
works list
check an empty one -- grep -q 'no models were fetched' out
works verify
: >file
export HF_HUB_CACHE=$tmp/file
for command in list verify; do
    fails 1 'file: cannot be read: Not a directory' $command
    fails 1 'file: cannot be read: Not a directory' $command --json
done
ln -s loop loop
export HF_HUB_CACHE=$tmp/loop
fails 1 'loop: cannot be read: Too many levels' list
finish
