/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The tracestate that came with a request, kept for the requests that are made for it (W3C Trace Context, level 1, 3.3). What
 * breaks the rules is not passed on. OpenTelemetry's member `ot` says by which threshold the trace was sampled (`th`): if
 * that was decided anew here, it is replaced, and comes first.
 */
#ifndef SIDESPAN_TRACE_STATE_H
#define SIDESPAN_TRACE_STATE_H

#include "maps.h"

#define HEX_DIGIT(nibble) ((__u8)('0' + (nibble) + ((9 - (__s32)(nibble)) >> 31 & 39)))

#define MAX_MEMBERS 32 /* a longer list may be refused as a whole */

/* What a byte can be: enum byte_class, with names as short as the table needs them. */
enum byte_class { NONE = 0, LETT = 1, DIGT = 2, MARK = 3, ATSI = 4, EQUL = 5, COMA = 6, BLNK = 7, TABU = 8, TEXT = 9 };

static const __u8 byte_classes[256] = {
	['\t'] = TABU, [' '] = BLNK, ['!' ... ')'] = TEXT, ['*'] = MARK, ['+'] = TEXT, [','] = COMA, ['-'] = MARK, ['.'] = TEXT,
	['/'] = MARK, ['0' ... '9'] = DIGT, [':' ... '<'] = TEXT, ['='] = EQUL, ['>' ... '?'] = TEXT, ['@'] = ATSI,
	['A' ... '^'] = TEXT, ['_'] = MARK, ['`'] = TEXT, ['a' ... 'z'] = LETT, ['{' ... '~'] = TEXT,
};

enum scan_state {
	SCAN_INVALID = 0,
	SCAN_BETWEEN = 1, /* members; empty ones are allowed */
	SCAN_KEY = 2,
	SCAN_TENANT = 3, /* a key that begins with a digit: an @ has to come */
	SCAN_AT = 4,
	SCAN_SYSTEM = 5, /* the key behind an @ */
	SCAN_VALUE_BEGIN = 6, /* nothing but blanks of it yet */
	SCAN_VALUE = 7,
	SCAN_VALUE_BLANK = 8, /* blanks at its end are not of it */
	SCAN_TAB = 9,
};

/* What follows which state by which class. */
static const __u8 scan_states[16][16] = {
	[SCAN_BETWEEN] = {[LETT] = SCAN_KEY, [DIGT] = SCAN_TENANT, [COMA] = SCAN_BETWEEN, [BLNK] = SCAN_BETWEEN, [TABU] = SCAN_BETWEEN},
	[SCAN_KEY] = {[LETT ... MARK] = SCAN_KEY, [ATSI] = SCAN_AT, [EQUL] = SCAN_VALUE_BEGIN},
	[SCAN_TENANT] = {[LETT ... MARK] = SCAN_TENANT, [ATSI] = SCAN_AT},
	[SCAN_AT] = {[LETT] = SCAN_SYSTEM},
	[SCAN_SYSTEM] = {[LETT ... MARK] = SCAN_SYSTEM, [EQUL] = SCAN_VALUE_BEGIN},
	[SCAN_VALUE_BEGIN] = {[LETT ... ATSI] = SCAN_VALUE, [TEXT] = SCAN_VALUE, [BLNK] = SCAN_VALUE_BEGIN},
	[SCAN_VALUE] = {[LETT ... ATSI] = SCAN_VALUE, [TEXT] = SCAN_VALUE, [COMA] = SCAN_BETWEEN, [BLNK] = SCAN_VALUE_BLANK, [TABU] = SCAN_TAB},
	[SCAN_VALUE_BLANK] = {[LETT ... ATSI] = SCAN_VALUE, [TEXT] = SCAN_VALUE, [COMA] = SCAN_BETWEEN, [BLNK] = SCAN_VALUE_BLANK, [TABU] = SCAN_TAB},
	[SCAN_TAB] = {[COMA] = SCAN_BETWEEN, [BLNK] = SCAN_TAB, [TABU] = SCAN_TAB},
};

/* OpenTelemetry's member is there; the threshold in it is there twice: which one counts nobody knows. */
enum own_member { OWN_ONCE = 1, OWN_TWICE = 2 };

#define KEY_HASH(hash, byte) (((hash) ^ (byte)) * 16777619u) /* FNV-1a */
#define KEY_HASH_START 2166136261u
#define KEY_HASH_OT KEY_HASH(KEY_HASH(KEY_HASH_START, 'o'), 't')

/* The key of the member at hand is complete. 0: there is one of that name already, or there are too many. */
static __noinline __u32 end_key(struct trace_state_scan *scan, __u32 at)
{
	__u32 members = scan->members, again = 0;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < MAX_MEMBERS; i++)
		again |= i < members && scan->hashes[i] == scan->hash;
	if (again || members >= MAX_MEMBERS)
		return 0;
	MASK(members, MAX_MEMBERS);
	scan->hashes[members] = scan->hash;
	scan->members++;
	scan->within = scan->hash == KEY_HASH_OT && at - scan->key_at == 2;
	if (scan->within) {
		scan->own = OWN_ONCE;
		scan->own_comma = scan->comma_at;
		scan->own_value = scan->part_at = at + 1;
		scan->threshold_at = scan->threshold_end = 0;
	}
	return 1;
}

/* A part of OpenTelemetry's member ends there, perhaps with the member. */
static __always_inline void end_part(struct scratch *scratch, __u32 at, __u32 last)
{
	struct trace_state_scan *scan = &scratch->scan;
	__u32 from = scan->part_at;

	MASK(from, TRACE_STATE_BYTES);
	if (at >= from + 3 && scratch->window[from] == 't' && scratch->window[from + 1] == 'h' && scratch->window[from + 2] == ':') {
		scan->own = scan->threshold_end ? OWN_TWICE : OWN_ONCE;
		scan->threshold_at = from;
		scan->threshold_end = at;
	}
	scan->part_at = at + 1;
	if (last) {
		scan->own_end = at;
		scan->within = 0;
		if (scan->threshold_end == 0)
			scan->threshold_at = scan->threshold_end = at;
	}
}

static long scan_step(__u64 index, struct scratch **pointer)
{
	struct scratch *scratch = *pointer;
	struct trace_state_scan *scan = &scratch->scan;
	__u32 at = (__u32)index, before = scan->in, next, byte = ',';

	MASK(at, 2 * TRACE_STATE_BYTES);
	/* A comma more, as if another member came. */
	if (at < scan->length && at < TRACE_STATE_BYTES)
		byte = scratch->window[at];
	next = before << 4 | byte_classes[byte & 255];
	MASK(next, sizeof(scan_states));
	scan->in = next = ((const __u8 *)scan_states)[next];
	if (next == SCAN_INVALID)
		return 1;
	if (before == SCAN_BETWEEN && next != SCAN_BETWEEN) {
		scan->key_at = at;
		scan->hash = KEY_HASH_START;
	}
	if (next >= SCAN_KEY && next <= SCAN_SYSTEM)
		scan->hash = KEY_HASH(scan->hash, byte);
	if (byte == '=' && !end_key(scan, at)) {
		scan->in = SCAN_INVALID;
		return 1;
	}
	if (scan->within && (byte == ',' || byte == ';'))
		end_part(scratch, at, byte == ',');
	if (byte == ',')
		scan->comma_at = at + 1;
	return at >= scan->length;
}

/* Puts `ot=th:THRESHOLD` there, without zeros at its end; its length. */
static __noinline __u32 put_threshold(__u8 *to, __u32 threshold)
{
	__u32 digits = 1;

	to[0] = 'o';
	to[1] = 't';
	to[2] = '=';
	to[3] = 't';
	to[4] = 'h';
	to[5] = ':';
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 8; i++) {
		__u32 digit = threshold >> (28 - 4 * i) & 15;

		to[6 + i] = HEX_DIGIT(digit);
		digits = digit ? i + 1 : digits;
	}
	return 6 + digits;
}

#define NO_STATE (2 * TRACE_STATE_BYTES) /* a length that none has */

/* Appends a part of the text that came, behind a separator if there is something before it; its new length. */
static __noinline __u32 append_state(struct scratch *scratch, __u32 out, __u32 from, __u32 until, __u32 separator)
{
	__u32 size = until - from;

	if (until <= from)
		return out;
	if (out == 0)
		separator = 0;
	if (out + (separator != 0) + size > TRACE_STATE_BYTES)
		return NO_STATE;
	MASK(out, TRACE_STATE_BYTES);
	if (separator)
		scratch->state_text[out++] = (__u8)separator;
	MASK(size, 2 * TRACE_STATE_BYTES);
	if (bpf_probe_read_user(&scratch->state_text[out], size, (void *)(scratch->words[0] + from)))
		return NO_STATE;
	return out + size;
}

/* Puts the text that is passed on into scratch->state_text; its length. What came is at scratch->words[0]. */
static __noinline __u32 make_state(struct scratch *scratch)
{
	struct trace_state_scan *scan = &scratch->scan;
	struct frame *frame = &scratch->frame;
	__u32 length = scan->members ? scan->length : 0, out = 0, after = 0, before = length;
	__u32 unkept = (frame->flags & FRAME_UNSAMPLED) && (frame->flags & FRAME_SAMPLED);

	/* Who came to another decision than the caller must say so; or nothing, if the trace is not kept. */
	if (frame->threshold || unkept) {
		if (scan->own == OWN_TWICE)
			return NO_STATE;
		if (frame->threshold)
			out = put_threshold(scratch->state_text, frame->threshold);
		if (scan->own) {
			before = scan->own_comma ? scan->own_comma - 1 : 0;
			after = scan->own_end;
		}
		if (scan->own && out) {
			__u32 until = scan->threshold_at > scan->own_value ? scan->threshold_at - 1 : scan->own_value;

			if (scan->threshold_at == scan->own_end)
				until = scan->own_end;
			out = append_state(scratch, out, scan->own_value, until, ';');
			out = append_state(scratch, out, scan->threshold_end, scan->own_end, 0);
		}
		if (out && !scan->own && scan->members == MAX_MEMBERS)
			return NO_STATE;
	}
	out = append_state(scratch, out, 0, before, ',');
	if (before < length)
		out = append_state(scratch, out, out ? after : after + 1, length, 0);
	return out;
}

/* Keeps the tracestate of the request whose call is in scratch->frame; it is among the headers that were found. */
static __noinline int keep_trace_state(struct scratch *scratch, __u32 key)
{
	struct frame *frame = &scratch->frame;
	struct trace_state_scan *scan = &scratch->scan;
	struct found_value *found;
	struct trace_state *state;
	__u32 zero = 0, index, length, out = NO_STATE;
	__u64 *taken, number;

	MASK(key, FOUND_VALUES);
	found = &scratch->found[key];
	/* It belongs to the traceparent. */
	if (found->status == CHUNK_ABSENT || found->length == 0 ||
	    (frame->flags & (FRAME_REMOTE_PARENT | FRAME_B3_PARENT)) != FRAME_REMOTE_PARENT)
		return 0;
	scan->in = SCAN_INVALID;
	/* Of several lines, or too long, it can't be. */
	if (found->status == CHUNK_OK && found->length == 1 && !bpf_probe_read_user(scratch->words, 16, (void *)found->data)) {
		if (scratch->words[1] == 0)
			return 0;
		length = (__u32)scratch->words[1];
		if (scratch->words[1] <= TRACE_STATE_BYTES) {
			MASK(length, 2 * TRACE_STATE_BYTES);
			scan->length = length;
			scan->members = scan->own = scan->within = scan->comma_at = 0;
			if (!bpf_probe_read_user(scratch->window, length, (void *)scratch->words[0])) {
				scan->in = SCAN_BETWEEN;
				bpf_loop(TRACE_STATE_BYTES + 1, scan_step, &scratch, 0);
			}
		}
	}
	if (scan->in == SCAN_BETWEEN)
		out = make_state(scratch);
	taken = bpf_map_lookup_elem(&trace_states_taken, &zero);
	if (out == 0 || !taken)
		return 0;
	number = __sync_fetch_and_add(taken, 1) + 1;
	index = (__u32)number & (settings.trace_states - 1);
	state = bpf_map_lookup_elem(&trace_states, &index);
	if (!state)
		return 0;
	frame->trace_state = (__u32)number;
	(void)__sync_lock_test_and_set(&state->number, 0); /* before all that follows */
	state->trace_id[0] = *word_at(&frame->trace_id[0]);
	state->trace_id[1] = *word_at(&frame->trace_id[8]);
	state->length = out > TRACE_STATE_BYTES ? 0 : out;
	__builtin_memcpy(state->text, scratch->state_text, TRACE_STATE_BYTES);
	STORE_RELEASE(&state->number, (__u32)number);
	return 0;
}

#endif
