/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What notes say of calls that are not sampled: a text that waits for the call's end. One for each goroutine. */
#ifndef SIDESPAN_NOTED_TEXT_H
#define SIDESPAN_NOTED_TEXT_H

#include "goroutine-slot.h"

/* Puts what was noted of the call in scratch->frame so far, if anything, in place of the key's text. */
static __noinline int take_noted(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct series_key *key = &scratch->key;
	struct noted_text *noted;

	if (!hit->goroutine)
		return 0;
	noted = &hit->goroutine->noted;
	if (noted->span_id != *word_at(scratch->frame.span_id))
		return 0;
	key->labels[LABEL_NOTED] = noted->label;
	key->text_status = noted->status;
	key->text_bytes = noted->bytes;
	__builtin_memcpy(key->text, noted->text, LABEL_TEXT_BYTES);
	return 0;
}

/* Keeps the key's text as what was noted of the call in scratch->frame. */
static __noinline int keep_noted(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct series_key *key = &scratch->key;
	struct noted_text *noted;

	if (!hit->goroutine || key->labels[LABEL_NOTED] == 0)
		return 0;
	noted = &hit->goroutine->noted;
	noted->span_id = *word_at(scratch->frame.span_id);
	noted->label = key->labels[LABEL_NOTED];
	noted->status = key->text_status;
	noted->bytes = key->text_bytes;
	__builtin_memcpy(noted->text, key->text, LABEL_TEXT_BYTES);
	return 0;
}

#endif
