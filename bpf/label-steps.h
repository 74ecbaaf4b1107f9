/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* OP_LABEL: what metrics tell apart of a call that is not sampled. */
#ifndef SIDESPAN_LABEL_STEPS_H
#define SIDESPAN_LABEL_STEPS_H

#include "label-text.h"
#include "text-shape.h"
#include "output.h"
#include "sampling.h"

#define CHOICE_BYTES 8 /* longest text that a label can name */

/* Goes on with the labels of a call that turned out not to be sampled, in place of its capture. */
static __always_inline void begin_labels(struct scratch *scratch)
{
	begin_key(scratch);
	scratch->pc = scratch->state.label_plan + scratch->state.labels_done;
	if (scratch->state.labels_done)
		return;
	scratch->out = 0;
	scratch->unsent = 0;
	scratch->depth = 0;
	scratch->image = 0;
}

static __always_inline __u64 integer_at(struct scratch *scratch, __u32 at, __u32 size)
{
	__u64 *place = image_word(scratch, at);

	if (size == 8)
		return *place;
	if (size == 4)
		return *(__u32 *)place;
	return size == 2 ? *(__u16 *)place : *(__u8 *)place;
}

struct choice {
	struct scratch *scratch; /* words[0]: the text */
	__u32 index;
	__u32 size;
	__u32 place;
	__u32 pad;
};

static long compare_choice(__u64 index, struct choice *choice)
{
	__u32 at = choice->index + (__u32)index, place = choice->place;
	struct plan_string *string = bpf_map_lookup_elem(&plan_strings, &at);

	if (!string)
		return 1;
	if (string->size_bytes != choice->size || *word_at(string->bytes) != choice->scratch->words[0])
		return 0;
	MASK(place, LABELS);
	choice->scratch->key.labels[place] = index + 1;
	return 1;
}

/* Of the header's value in words[0], which is so long, the first of several in lower case; returns how long that is. */
static __always_inline __u64 first_of_list(struct scratch *scratch, __u64 length)
{
	__u64 word = scratch->words[0] | 0x2020202020202020;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < CHOICE_BYTES; i++) {
		__u32 byte = word >> (8 * i) & 0xff;

		if (i < length && (byte == ',' || byte == ' '))
			length = i;
	}
	scratch->words[0] = length < CHOICE_BYTES ? word & ((1ull << (8 * length)) - 1) : word;
	return length;
}

static __noinline int label_choice(struct scratch *scratch, const struct capture_step *step, __u64 address, __u64 length)
{
	__u32 place = step->imm & (LABELS - 1), choices = step->c;
	__u64 size = length < CHOICE_BYTES ? length : CHOICE_BYTES;
	struct choice choice = {.scratch = scratch, .index = step->imm >> 8 & 0xff, .place = place};

	if (length == 0)
		return 0;
	scratch->words[0] = 0;
	MASK(size, 2 * CHOICE_BYTES);
	if (bpf_probe_read_user(scratch->words, size, (void *)address))
		return 0;
	if (step->a == LABEL_FOUND)
		length = first_of_list(scratch, length);
	choice.size = length;
	if (choices > LABEL_CHOICES)
		choices = LABEL_CHOICES;
	if (length > CHOICE_BYTES)
		choices = 0;
	MASK(place, LABELS);
	scratch->key.labels[place] = LABEL_OTHER;
	bpf_loop(choices, compare_choice, &choice, 0);
	return 0;
}

static __always_inline void label_found(struct scratch *scratch, const struct capture_step *step)
{
	__u32 n = step->b - scratch->first_key, place = step->imm & (LABELS - 1);

	if (n >= scratch->keys)
		return;
	MASK(n, FOUND_VALUES);
	struct found_value *found = &scratch->found[n];
	if (found->status != CHUNK_OK || found->length == 0) {
		if (found->status == CHUNK_OK || found->status == CHUNK_ABSENT)
			scratch->key.labels[place] = LABEL_ABSENT;
		return;
	}
	if (bpf_probe_read_user(&scratch->words[2], 16, (void *)found->data) == 0)
		label_choice(scratch, step, scratch->words[2], scratch->words[3]);
}

/* itab {inter 0, type 8} */
static __noinline int label_dynamic_type(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 itab = *image_word(scratch, step->b);
	__u32 place = step->imm & (LABELS - 1);

	MASK(place, LABELS);
	if (itab == 0)
		scratch->key.labels[place] = 1;
	else if (bpf_probe_read_user(scratch->words, 8, (void *)(itab + 8)) == 0)
		add_word(scratch, place, scratch->words[0] - context->load_bias);
	return 0;
}

static __noinline int label_constant(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 *header = image_word(scratch, step->b);

	if (is_constant(scratch, header[0]) && header[1] >> 16 == 0)
		add_word(scratch, step->imm & (LABELS - 1), (header[0] - context->load_bias) << 16 | header[1]);
	return 0;
}

static __noinline int label_unwrap(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 *words = image_word(scratch, step->b), itab = words[0], data = words[1];

	if (itab && bpf_probe_read_user(scratch->words, 8, (void *)(itab + 8)) == 0 &&
	    scratch->words[0] - context->load_bias == step->c &&
	    bpf_probe_read_user(scratch->words, 16, (void *)(data + (step->imm >> 16 & 0xffff))) == 0) {
		words[0] = scratch->words[0];
		words[1] = scratch->words[1];
	}
	return 0;
}

/* itab {inter 0, type 8} */
static __always_inline void label_type(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 itab = *image_word(scratch, step->b);

	if (itab == 0 || bpf_probe_read_user(scratch->words, 8, (void *)(itab + 8)))
		return;
	*word_at(scratch->key.text) = scratch->words[0] - context->load_bias;
	scratch->key.text_bytes = 8;
	scratch->key.text_status = TEXT_WHOLE;
}

static __always_inline void step_label(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u32 place = step->imm & (LABELS - 1), code_at = step->imm & (LABELS - 2);
	__u8 *label = &scratch->key.labels[place];
	__u16 *code = (__u16 *)&scratch->key.labels[code_at];
	__u64 value, *header;

	switch (step->a) {
	case LABEL_BYTE:
		value = integer_at(scratch, step->b, step->c);
		*label = value > 252 ? 254 : value + 1;
		break;
	case LABEL_PRESENT:
		*label = *image_word(scratch, step->b) ? 2 : 1;
		break;
	case LABEL_CODE:
		value = integer_at(scratch, step->b, step->c);
		*code = value > 65532 ? 65534 : value + 1;
		break;
	case LABEL_NIL:
		if (*image_word(scratch, step->b) == 0)
			*code = step->c;
		break;
	case LABEL_CHOICE:
		header = image_word(scratch, step->b);
		label_choice(scratch, step, header[0], header[1]);
		break;
	case LABEL_FOUND:
		label_found(scratch, step);
		break;
	case LABEL_TEXT:
		label_text(scratch, step);
		break;
	case LABEL_TYPE:
		label_type(context, step);
		break;
	case LABEL_SIZE:
		value = *image_word(scratch, step->b);
		if (settings.body_sizes && (__s64)value >= (__s64)step->c)
			scratch->sizes[place & (SIZES - 1)] = value + 1;
		break;
	case LABEL_DYNAMIC_TYPE:
		label_dynamic_type(context, step);
		break;
	case LABEL_CONSTANT:
		label_constant(context, step);
		break;
	case LABEL_UNWRAP:
		label_unwrap(context, step);
		break;
	case LABEL_NOTE:
		label_note(scratch, step);
		break;
	case LABEL_PART:
		label_part(scratch, step);
		break;
	case LABEL_SHAPE:
		label_shape(scratch, step);
		break;
	}
}

static long label_turn(__u64 index, struct plan_context *context)
{
	struct scratch *scratch = context->scratch;
	__u32 pc = scratch->pc;
	const struct capture_step *step = bpf_map_lookup_elem(&plan_ops, &pc);

	if (!step || step->op != OP_LABEL)
		return 1;
	scratch->pc = pc + 1;
	step_label(context, step);
	return 0;
}

/* The label at hand and those that follow it: a turn of the interpreter's own loop costs as much as a short read. */
static __always_inline int step_labels(struct plan_context *context)
{
	context->scratch->pc--;
	bpf_loop(LABELS + 1, label_turn, context, 0);
	return STEP_GO_ON;
}

#endif
