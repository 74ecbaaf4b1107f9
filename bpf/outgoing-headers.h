/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Whether a request has one of the headers already: enum chunk_status. */
#ifndef SIDESPAN_OUTGOING_HEADERS_H
#define SIDESPAN_OUTGOING_HEADERS_H

#include "outgoing.h"

static __noinline __u32 find_in_map(struct scratch *scratch, __u64 map)
{
	__u32 status = CHUNK_ABSENT;

	scratch->walk.missing = outgoing.names;
#pragma clang loop unroll(disable)
	for (__u32 n = 0; n < MAX_HEADER_KEYS; n++)
		scratch->found[n].status = CHUNK_ABSENT;
	find_headers(scratch, map);
#pragma clang loop unroll(disable)
	for (__u32 n = 0; n < MAX_HEADER_KEYS; n++) {
		__u32 found = (__u32)scratch->found[n].status;

		if (found != CHUNK_ABSENT && status != CHUNK_OK)
			status = found;
	}
	return status;
}

/* words[2]: of the next field, words[3]: fields left, words[4]: what was found. */
static long field_step(__u64 index, struct scratch **pointer)
{
	struct scratch *scratch = *pointer;
	__u64 *words = scratch->words, *name = word_at(scratch->group), length;

	if (words[3] == 0)
		return 1;
	words[3]--;
	if (bpf_probe_read_user(name, 16, (void *)words[2]))
		goto fault;
	words[2] += HEADER_FIELD_BYTES;
	length = name[1] - 1;
	if (length >= PLAN_STRING_BYTES || !(outgoing.lengths >> length & 1))
		return 0;
	/* A name that can't be read is not another one. */
	length = name[1];
	MASK(length, 64);
	if (bpf_probe_read_user(scratch->window, length, (void *)name[0]))
		goto fault;
	bpf_loop(scratch->keys, match_key, &scratch, 0);
	if (scratch->walk.matched == 0)
		return 0;
	words[4] = CHUNK_OK;
	return 1;
fault:
	words[4] = CHUNK_FAULT;
	return 1;
}

static __noinline __u32 find_in_fields(struct scratch *scratch, __u64 fields, __u64 count)
{
	if (count > HEADER_FIELDS)
		return CHUNK_TOO_LARGE;
	scratch->walk.key_at = 0;
	scratch->walk.matched = 0;
	scratch->words[2] = fields;
	scratch->words[3] = count;
	scratch->words[4] = CHUNK_ABSENT;
	bpf_loop(HEADER_FIELDS, field_step, &scratch, 0);
	return scratch->words[4];
}

/* Whether the request may get the headers; counts why not. The headers are left in call->headers. */
static __always_inline int lacks_headers(struct hit *hit, const struct outgoing_site *place, struct outgoing_call *call)
{
	struct scratch *scratch = hit->plan.scratch;
	__u32 status;

	if (place->headers_kind == 0)
		return 1;
	call->headers = read_place(hit->plan.ctx, hit->plan.scratch, &place->headers);
	scratch->keys = outgoing.names;
	scratch->first_key = 0;
	scratch->walk.lengths = outgoing.lengths;
	if (place->headers_kind == OUTGOING_MAP)
		status = find_in_map(scratch, call->headers);
	else
		status = find_in_fields(scratch, call->headers, scratch->words[1]);
	if (status == CHUNK_ABSENT)
		return 1;
	if (status == CHUNK_OK)
		COUNT_OUTGOING(call->probe, present);
	else
		COUNT_OUTGOING(call->probe, unsearched);
	return 0;
}

#endif
