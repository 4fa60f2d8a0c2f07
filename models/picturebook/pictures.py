"""Draws the shipped pictures: python3 pictures.py pictures

They are compositions like those of data.py, larger, and made of the emoji font's pictures (SIL Open
Font License), of plain shapes and of letters only.
"""
import os
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import data
import sources

WIDTH, HEIGHT = 480, 360
THING = "\U0001F353"  # strawberry


def sheet(colour):
    return Image.new("RGB", (WIDTH, HEIGHT), data.COLOURS[colour])


def thing():
    picture = sheet("white")
    face = ImageFont.truetype(sources.EMOJI_FONT, 109)
    sprite = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(sprite).text((8, 8), THING, font=face, embedded_color=True)
    sprite = sprite.crop(sprite.getbbox())
    sprite = sprite.resize([v * 300 // max(sprite.size) for v in sprite.size], Image.BICUBIC)
    picture.paste(sprite, ((WIDTH - sprite.width) // 2, (HEIGHT - sprite.height) // 2), sprite)
    return picture


def shapes():
    rng = np.random.default_rng(4)
    picture = sheet("white")
    for name, colour, x in (("circle", "red", 30), ("square", "blue", 260)):
        sprite = data.shape_sprite(rng, name, colour, 190)
        picture.paste(sprite, (x, 85), sprite)
    return picture


def word():
    picture = sheet("yellow")
    draw = ImageDraw.Draw(picture)
    face = ImageFont.truetype(data.FONTS[1], 150)
    draw.text((WIDTH // 2, HEIGHT // 2), "STOP", data.COLOURS["black"], face, anchor="mm")
    return picture


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for name, draw in (("picture", thing), ("shapes", shapes), ("word", word)):
        draw().save(os.path.join(out, name + ".png"), optimize=True)


if __name__ == "__main__":
    main()
