/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Labels that are texts: all of them in one key, one behind the other. */
#ifndef SIDESPAN_LABEL_TEXT_H
#define SIDESPAN_LABEL_TEXT_H

#include "output.h"

static __always_inline void label_text(struct scratch *scratch, const struct capture_step *step)
{
	__u64 *header = image_word(scratch, step->b), length = header[1];
	__u32 code_at = step->imm & (LABELS - 2), unless = step->imm >> 16 & 0xffff, size = step->c;

	if (length == 0 || (unless && *(__u16 *)&scratch->key.labels[code_at] == unless))
		return;
	if (length < size)
		size = (__u32)length;
	if (size > LABEL_TEXT_BYTES)
		size = LABEL_TEXT_BYTES;
	MASK(size, 2 * LABEL_TEXT_BYTES);
	if (bpf_probe_read_user(scratch->key.text, size, (void *)header[0]))
		return;
	scratch->key.text_bytes = size;
	scratch->key.text_status = size < length ? TEXT_CUT : TEXT_WHOLE;
}

/* Behind what is there of the key's text. Returns 0 if nothing was added. */
static __noinline int add_text(struct scratch *scratch, const __u64 *header)
{
	struct series_key *key = &scratch->key;
	__u64 length = header[1];
	__u32 at = key->text_bytes, size = LABEL_TEXT_BYTES - at;

	if (length == 0 || at > LABEL_TEXT_BYTES)
		return 0;
	if (length < size)
		size = (__u32)length;
	MASK(at, 2 * LABEL_TEXT_BYTES);
	MASK(size, 2 * LABEL_TEXT_BYTES);
	/* Together they are no longer than the text; to the verifier what follows it is room enough. */
	if (bpf_probe_read_user(&key->text[at], size, (void *)header[0]))
		return 0;
	key->text_bytes = at + size;
	key->text_status = size < length ? TEXT_CUT : TEXT_WHOLE;
	return 1;
}

static __always_inline void forget_text(struct series_key *key)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < LABEL_TEXT_BYTES; i += 8)
		*word_at(&key->text[i]) = 0;
	key->text_bytes = 0;
	key->text_status = TEXT_NONE;
}

/* By the code at the first place, where the step names one: what decides has been put there before. */
static __always_inline int is_kept_out(struct scratch *scratch, const struct capture_step *step)
{
	__u32 unless = step->imm >> 16 & 0xffff;

	return unless && *(__u16 *)scratch->key.labels == unless;
}

static __noinline int label_note(struct scratch *scratch, const struct capture_step *step)
{
	__u64 *header = image_word(scratch, step->b);
	__u32 place = step->imm & (LABELS - 1);

	if (header[1] == 0 || is_kept_out(scratch, step))
		return 0;
	forget_text(&scratch->key);
	MASK(place, LABELS);
	if (add_text(scratch, header))
		scratch->key.labels[place] = NOTE_WHOLE;
	return 0;
}

static __noinline int label_part(struct scratch *scratch, const struct capture_step *step)
{
	__u64 *header = image_word(scratch, step->b);
	__u32 place = step->imm & (LABELS - 1), begin = scratch->key.text_bytes;

	MASK(place, LABELS);
	if (scratch->key.labels[place] == NOTE_WHOLE || scratch->key.text_status == TEXT_CUT || is_kept_out(scratch, step))
		return 0;
	if (step->c < LABEL_TEXT_BYTES && header[1] > step->c)
		header[1] = step->c;
	if (add_text(scratch, header) && scratch->key.labels[place] == 0)
		scratch->key.labels[place] = begin + NOTE_PARTS;
	return 0;
}

/* A word behind what is there of the key's text, aligned. */
static __always_inline void add_word(struct scratch *scratch, __u32 place, __u64 word)
{
	struct series_key *key = &scratch->key;
	__u32 at = (key->text_bytes + 7) & ~7u;

	if (at > LABEL_TEXT_BYTES - 8)
		return;
	MASK(at, LABEL_TEXT_BYTES);
	MASK(place, LABELS);
	*word_at(&key->text[at]) = word;
	key->labels[place] = at + NOTE_PARTS;
	key->text_bytes = at + 8;
	key->text_status = TEXT_WHOLE;
}

#endif
