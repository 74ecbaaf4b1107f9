/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which of the keys that are looked for a key of the target is. */
#ifndef SIDESPAN_MAP_KEY_H
#define SIDESPAN_MAP_KEY_H

#include "output.h"

/*
 * Where the kernel side remembers which of the wanted keys the constant at an address is: names of usual headers are
 * constants of the program (net/textproto.commonHeader), the same in each request. 0 for any other address. The place is
 * by the five highest bits of a Fibonacci hash: there are KNOWN_KEYS, 32.
 */
static __always_inline __u64 *known_key(struct scratch *scratch, __u64 offset)
{
	__u32 slot = scratch->state.process_slot;
	struct process *process = bpf_map_lookup_elem(&processes, &slot);

	if (!process || offset >= scratch->state.constants_bytes || offset >> 32 != 0)
		return 0;
	return &process->known_keys[((offset ^ scratch->first_key) * 0x9e3779b97f4a7c15ull) >> 59];
}

static __always_inline int has_text(struct scratch *scratch, const struct plan_string *wanted, __u64 length, __u64 address)
{
	const __u64 *want = (const __u64 *)wanted->bytes;
	__u64 *text = (__u64 *)scratch->text;
	__u64 different = 0;

	if (length == 0 || length > PLAN_STRING_BYTES)
		return 0;
	__builtin_memset(text, 0, PLAN_STRING_BYTES);
	MASK(length, 64); /* for kernels up to 6.12, as in copy_user */
	if (bpf_probe_read_user(text, length, (void *)address))
		return 0;
	/* By words and without a branch: the verifier walks each path through each of the eight slots. */
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < PLAN_STRING_BYTES / 8; i++)
		different |= text[i] ^ want[i];
	return different == 0;
}

/* Whether the key of `length` bytes at an address is that string. */
static __always_inline int same_key(struct scratch *scratch, __u32 string_index, __u64 length, __u64 address)
{
	struct plan_string *wanted = bpf_map_lookup_elem(&plan_strings, &string_index);

	return wanted && wanted->size_bytes == length && has_text(scratch, wanted, length, address);
}

#endif
