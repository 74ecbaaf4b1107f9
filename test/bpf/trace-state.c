// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * What bpf/trace-state.h does, as a program of the host: compiled by trace-state.test.ts. Reads lines `THRESHOLD SAMPLED UNSAMPLED xHEX`
 * (by which the trace is kept; whether its caller keeps it, and we do not; the text that came) and prints for each what is kept: `none`, `left
 * out`, or the text in hex.
 */
#include <stdio.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/types.h>

/* In place of bpf/kernel.h: memory is the program's own, and the verifier is not here. */
#define SIDESPAN_KERNEL_H
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define MASK(value, limit) ((value) &= (limit)-1)
#define STORE_RELEASE(to, value) (*(to) = (value))

static inline __u64 *word_at(const void *place)
{
	return (__u64 *)place;
}

static long bpf_probe_read_user(void *to, __u32 size, const void *from)
{
	memcpy(to, from, size);
	return 0;
}

static long bpf_loop(__u32 times, void *step, void *context, __u64 flags)
{
	__u32 i = 0;

	while (i < times && !((long (*)(__u64, void *))step)(i++, context))
		;
	return i;
}

static void *bpf_map_lookup_elem(void *map, const void *key);

#include "trace-state.h"

static struct trace_state kept;
static __u64 taken;
static struct scratch scratch;

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	return map == &trace_states ? (void *)&kept : map == &trace_states_taken ? (void *)&taken : 0;
}

int main(void)
{
	static char hex[65536], text[32768];
	struct {
		char *data;
		__u64 length;
	} header = {.data = text};
	unsigned threshold, sampled, unsampled, digit;

	while (scanf("%u %u %u x%65535[0-9a-f]", &threshold, &sampled, &unsampled, hex) == 4) {
		header.length = strlen(hex) / 2;
		for (__u64 i = 0; i < header.length; i++) {
			sscanf(hex + 2 * i, "%2x", &digit);
			text[i] = (char)digit;
		}
		memset(&scratch.frame, 0, sizeof(scratch.frame));
		scratch.frame.flags = FRAME_ROOT | FRAME_REMOTE_PARENT | FRAME_REMOTE_TRACE;
		scratch.frame.flags |= (sampled ? FRAME_SAMPLED : 0) | (unsampled ? FRAME_UNSAMPLED : 0);
		scratch.frame.threshold = threshold;
		scratch.found[3].status = CHUNK_OK;
		scratch.found[3].data = (__u64)&header;
		scratch.found[3].length = 1;
		keep_trace_state(&scratch, 3);
		if (scratch.frame.trace_state == 0)
			puts("none");
		else if (kept.length == 0)
			puts("left out");
		else {
			for (__u32 i = 0; i < kept.length; i++)
				printf("%02x", kept.text[i]);
			puts("");
		}
	}
	return 0;
}
