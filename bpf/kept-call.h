/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Calls that outlive the function in which they began, by the object that it returned. */
#ifndef SIDESPAN_KEPT_CALL_H
#define SIDESPAN_KEPT_CALL_H

#include "goroutine-slot.h"

static __always_inline struct kept_call_key kept_call_key(struct hit *hit)
{
	struct kept_call_key key = {.process_slot = hit->key.process_slot};

	key.object = read_register(hit->plan.ctx, hit->site->object);
	if (key.object && hit->site->object_at &&
	    bpf_probe_read_user(&key.object, 8, (void *)(key.object + hit->site->object_at)))
		key.object = 0;
	return key;
}

/*
 * Keeps the call in scratch->frame under the object that its function returns. Returns 0 if the call ends here: there is
 * none, or the object had a call whose end was not seen; that one is then in scratch->frame, unpaired.
 */
static __noinline int keep_call(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct kept_call_key key = kept_call_key(hit);
	struct kept_call *known;

	if (key.object == 0)
		return 0;
	__builtin_memcpy(&scratch->kept_call.frame, &scratch->frame, sizeof(struct frame));
	scratch->kept_call.frame.kept_words = 0;
	scratch->kept_call.goid = scratch->state.goid;
	known = bpf_map_lookup_elem(&kept_calls, &key);
	if (known) {
		__builtin_memcpy(&scratch->frame, &known->frame, sizeof(struct frame));
		__builtin_memcpy(known, &scratch->kept_call, sizeof(*known));
		scratch->state.ended = END_UNPAIRED;
		return 0;
	}
	if (bpf_map_update_elem(&kept_calls, &key, &scratch->kept_call, BPF_NOEXIST))
		COUNT(scratch->frame.probe, frame_stack_full);
	return 1;
}

/* Takes the call of the site's object into scratch->frame; 0 if there is none: it had ended, or began before we came. */
static __noinline int take_kept_call(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct kept_call_key key = kept_call_key(hit);
	struct kept_call *known = bpf_map_lookup_elem(&kept_calls, &key);

	if (!known || known->frame.probe != hit->site->probe)
		return 0;
	__builtin_memcpy(&scratch->kept_call, known, sizeof(*known));
	/* Two goroutines may end it at the same time. */
	if (bpf_map_delete_elem(&kept_calls, &key))
		return 0;
	__builtin_memcpy(&scratch->frame, &scratch->kept_call.frame, sizeof(struct frame));
	scratch->state.goid = scratch->kept_call.goid;
	scratch->state.index = 0;
	return 1;
}

#endif
