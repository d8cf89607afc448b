/*
 * core/function/blob.S - the model, as part of the executable.
 *
 * MOTE_BLOB names the file and MOTE_ALIGN is what its sections count on: 4096,
 * because weights are used where they are, or 64 for one that has no page of
 * them.
 */
    .section .mote_model, "a"
    .globl mote_blob, mote_blob_end
    .balign MOTE_ALIGN
mote_blob:
    .incbin MOTE_BLOB
mote_blob_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
