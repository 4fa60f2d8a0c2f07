#!/usr/bin/env bash
# Pictures that are missing or damaged: exit code 8 and a sentence that names the file.
. "${BASH_SOURCE%/*}/cli.sh"

png_header() { # WIDTH HEIGHT: signature and IHDR, 8 bits RGB; the checksum is left 0
    bytes 137 80 78 71 13 10 26 10 && be 4 13 && printf IHDR && be 4 "$1" && be 4 "$2" &&
        bytes 8 2 0 0 0 && be 4 0
}
bmp_header() { # WIDTH HEIGHT
    printf BM && le 4 54 && le 4 0 && le 4 54 && le 4 40 && le 4 "$1" && le 4 "$2" && le 2 1 && le 2 24 &&
        head -c 24 /dev/zero
}

cd "$tmp" || exit 1
mkdir folder.png
: >empty.png
echo 'just some words, and no picture at all' >words.jpg
printf 'GIF89a\001\000\001\000\000\000\000' >other.gif
png_header 16 16 >cut.png
png_header 0 16 >nowidth.png
png_header 16 0 >noheight.png
png_header 46368 46368 >enormous.png
png_header 4294967295 4294967295 >largest.png
bmp_header 30000 30000 >enormous.bmp
bmp_header 0 0 >nothing.bmp
bytes 255 216 255 224 >cut.jpg
printf 'P6\n0 0\n255\n' >nothing.ppm
printf 'P6\n60000 60000\n255\nabc' >enormous.ppm
printf 'P6\n64 64\n255\nabc' >cut.ppm
printf 'P6\n-4 4\n255\nabc' >negative.ppm

for picture in missing.png folder.png empty.png words.jpg other.gif cut.png nowidth.png noheight.png \
    enormous.png largest.png enormous.bmp nothing.bmp cut.jpg nothing.ppm enormous.ppm cut.ppm \
    negative.ppm; do
    fails 8 "^vidi: $picture: .+" ask "$picture" 'What is this?'
done
fails 8 '^vidi: empty.png: ' ask --image empty.png -p hi --json
fails 8 '^vidi: empty.png: ' chat empty.png
fails 8 '^vidi: empty.png: ' dump --image empty.png --prompt hi --to "$tmp/dumped"

# What is shown though a part is missing says so, once, and is answered.
full=$OLDPWD/tests/io/data/full.jpg
head -c 1175 "$full" >cutrows.jpg
works ask cutrows.jpg 'What is this?'
check 'the missing rows are told' -- grep -qx \
    'vidi: warning: cutrows.jpg: the file ends too early, at byte 1175: only the first 16 of 24 rows of the picture are there' \
    "$tmp/err"
cp "$full" full.png # a wrong name
works ask full.png 'What is this?'
check 'a whole picture needs no word' -- test ! -s "$tmp/err"

picture good.ppm 8 8
fails 8 '^vidi: cut.ppm: ' ask good.ppm cut.ppm 'Which is larger?'
finish
