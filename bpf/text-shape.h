/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Texts that a program makes as it runs, SQL above all: what stands before the first literal is told apart, as numbers that
 * user space looks up.
 */
#ifndef SIDESPAN_TEXT_SHAPE_H
#define SIDESPAN_TEXT_SHAPE_H

#include "counts.h"
#include "label-text.h"

/* Behind all images: where the text is read to, and where its shape is made. */
#define SHAPE_SOURCE (CAPTURE_BYTES + 2 * UNSENT_BYTES)
#define SHAPE_TARGET (SHAPE_SOURCE + 2 * SHAPE_BYTES)

struct shape_scan {
	struct scratch *scratch;
	__u32 before; /* the byte in front */
	__u32 bytes;  /* without a literal so far */
};

static __always_inline struct text_shape *shape_of(struct scratch *scratch)
{
	return (struct text_shape *)&scratch->data[SHAPE_TARGET];
}

/* A digit behind any of these is part of a name or of a parameter: t1, $1, :1, @1, ?1, "1", `1`. */
static __always_inline int goes_on(__u32 byte)
{
	__u32 lower = byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80 || byte == '_' || byte == '$' ||
	       byte == ':' || byte == '@' || byte == '?' || byte == '"' || byte == '`';
}

/* Copies a byte; ends at a literal or a comment. src/sql/text-shape.ts does the same. */
static long scan_byte(__u64 index, struct shape_scan *scan)
{
	__u32 at = (__u32)index, before = scan->before, byte;

	MASK(at, 256);
	byte = scan->scratch->data[SHAPE_SOURCE + at];
	if (byte == '\'' || (byte >= '0' && byte <= '9' && !goes_on(before)) || (byte == '*' && before == '/') ||
	    (byte == '-' && before == '-'))
		return 1;
	shape_of(scan->scratch)->text[at] = byte;
	scan->before = byte;
	scan->bytes = at + 1;
	return 0;
}

static __always_inline __u64 *new_shape(struct text_shape *shape)
{
	__u32 zero = 0;
	__u64 *numbers = bpf_map_lookup_elem(&shape_numbers, &zero), number;

	if (!numbers)
		return 0;
	number = __sync_fetch_and_add(numbers, 1);
	/* Fails when the table is full, and when another CPU was faster. */
	bpf_map_update_elem(&text_shapes, shape, &number, BPF_NOEXIST);
	return bpf_map_lookup_elem(&text_shapes, shape);
}

static __noinline int label_shape(struct scratch *scratch, const struct capture_step *step)
{
	struct text_shape *shape = shape_of(scratch);
	__u64 *header = image_word(scratch, step->b), length = header[1], *number;
	struct shape_scan scan = {.scratch = scratch};
	__u32 place = step->imm & (LABELS - 1), size = step->c;

	MASK(place, LABELS);
	if (length == 0 || scratch->key.labels[place])
		return 0;
	if (length < size)
		size = (__u32)length;
	if (size > SHAPE_BYTES)
		size = SHAPE_BYTES;
	MASK(size, 256);
	if (bpf_probe_read_user(&scratch->data[SHAPE_SOURCE], size, (void *)header[0]))
		return 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < sizeof(*shape); i += 8)
		*word_at((__u8 *)shape + i) = 0;
	bpf_loop(size, scan_byte, &scan, 0);
	shape->text_bytes = scan.bytes;
	shape->text_status = scan.bytes < length ? TEXT_CUT : TEXT_WHOLE;
	number = bpf_map_lookup_elem(&text_shapes, shape);
	if (!number)
		number = new_shape(shape);
	if (number)
		add_word(scratch, place, SHAPE_NUMBER | *number);
	else
		COUNT(scratch->frame.probe, unlabelled);
	return 0;
}

#endif
