/* The embedded model's bytes; VIDI_EMBED names the file. */
    .section .rodata
    .balign 64
    .global vidi_embedded_start
    .global vidi_embedded_end
vidi_embedded_start:
    .incbin VIDI_EMBED
vidi_embedded_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
