/*
 * core/function/blob.S - the model, as part of the executable.
 *
 * MOTE_BLOB names the file and MOTE_ALIGN is what its sections count on: 4096,
 * because weights are used where they are, or 64 for one that has no page of
 * them. Without MOTE_BLOB the two symbols meet and the model is looked for
 * beside the executable.
 */
    .section .rodata.mote_blob, "a"
    .globl mote_blob, mote_blob_end
#ifdef MOTE_BLOB
    .balign MOTE_ALIGN
mote_blob:
    .incbin MOTE_BLOB
#else
mote_blob:
#endif
mote_blob_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
