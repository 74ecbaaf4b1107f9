// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * The programs: one for each kind of site, all generic. What a site means and what to read there is data
 * (sites, probes, plan_ops); nothing here knows net/http or gRPC.
 *
 * From Linux 6.13 on the x86 JIT gives a program with 64 bytes of stack or more one private stack per CPU, and uprobe
 * programs may be preempted: two of them would overwrite each other's keys and values. So every body runs between
 * bpf_preempt_disable and bpf_preempt_enable, in a subprogram of its own. Kernels before 6.10 lack these, and private
 * stacks too; there the scratch buffers are what two programs on one CPU could share, hence `claim_scratch`.
 */
#include "goroutine.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#ifdef WITHOUT_PREEMPT_DISABLE
#define PREEMPT_DISABLE()
#define PREEMPT_ENABLE()
#else
#define PREEMPT_DISABLE()                     \
	do {                                  \
		if (bpf_preempt_disable)      \
			bpf_preempt_disable(); \
	} while (0)
#define PREEMPT_ENABLE()                     \
	do {                                 \
		if (bpf_preempt_enable)      \
			bpf_preempt_enable(); \
	} while (0)
#endif

static __always_inline struct scratch *claim_scratch(__u32 *claimed)
{
	__u32 zero = 0;
	__u64 *busy = bpf_map_lookup_elem(&scratch_busy, &zero);

	if (!busy)
		return 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SCRATCH_BUFFERS; i++) {
		__u64 bit = 1ull << i;

		if ((__sync_fetch_and_or(busy, bit) & bit) == 0) {
			*claimed = i;
			return bpf_map_lookup_elem(&scratch_buffers, claimed);
		}
	}
	return 0;
}

static __always_inline void release_scratch(__u32 claimed)
{
	__u32 zero = 0;
	__u64 *busy = bpf_map_lookup_elem(&scratch_busy, &zero);

	if (busy)
		__sync_fetch_and_and(busy, ~(1ull << claimed));
}

enum hit_result { HIT_OK = 0, HIT_IGNORED = 1 };

/* Finds site and process; says whether the hit counts. */
static __always_inline int begin_hit(struct hit *hit, struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 index = (__u32)cookie;

	hit->site = bpf_map_lookup_elem(&sites, &index);
	if (!hit->site || hit->site->action == 0)
		return HIT_IGNORED;
	if ((hit->site->flags & SITE_STACK_CHECK) && STACK_CHECK_TAKEN(ctx)) {
		COUNT(hit->site->probe, restarts);
		return HIT_IGNORED;
	}
	index = hit->site->process_slot;
	hit->process = bpf_map_lookup_elem(&processes, &index);
	if (!hit->process)
		return HIT_IGNORED;
	hit->plan.ctx = ctx;
	hit->plan.load_bias = REGISTER_IP(ctx) - hit->site->vaddr;
	hit->plan.process_slot = hit->site->process_slot;
	hit->plan.map_kind = hit->process->map_kind;
	hit->key.process_slot = hit->site->process_slot;
	hit->key.pad = 0;
	return HIT_OK;
}

/* Reads goid and stack bounds from g and finds the goroutine's open calls. */
static __always_inline int find_goroutine(struct hit *hit, __u64 g)
{
	__u64 word = 0;

	if (bpf_probe_read_user(&word, 8, (void *)(g + hit->process->g_goid)))
		return HIT_IGNORED;
	hit->goid = word;
	hit->key.goid = word ? word : g | 1ull << 63;
	if (bpf_probe_read_user(&word, 8, (void *)(g + hit->process->g_stack_hi)))
		return HIT_IGNORED;
	hit->depth = (__u32)(word - REGISTER_SP(hit->plan.ctx));
	hit->goroutine = bpf_map_lookup_elem(&goroutines, &hit->key);
	return HIT_OK;
}

/*
 * At entry: calls at this depth or deeper are stale, but for another probe of the same function and for a preset's
 * call, which ends elsewhere.
 */
static long end_stale_step(__u64 index, struct hit *hit)
{
	struct goroutine *goroutine = hit->goroutine;
	struct frame *top;

	if (!goroutine || goroutine->frames == 0)
		return 1;
	top = frame_at(hit, goroutine->frames - 1);
	if (!top) {
		goroutine->frames--;
		return 0;
	}
	if (top->depth < hit->depth)
		return 1;
	if (top->depth == hit->depth && top->probe != hit->site->probe &&
	    (top->function == hit->site->function || (top->flags & FRAME_HELD)))
		return 1;
	abandon_top(hit);
	return 0;
}

static __always_inline void random_bytes(void *to, __u32 words)
{
	__u32 *word = to;

	for (__u32 i = 0; i < words; i++)
		word[i] = bpf_get_prandom_u32();
}

/* Fills scratch->frame for a call that begins here: ids, parent, time. */
static __always_inline void begin_frame(struct hit *hit, const struct probe *probe, const struct frame *enclosing)
{
	struct frame *frame = &hit->plan.scratch->frame;
	__u32 server = probe->flags & PROBE_SERVER;

	frame->probe = hit->site->probe;
	frame->function = hit->site->function;
	frame->depth = hit->depth;
	frame->flags = probe->flags & PROBE_HELD ? FRAME_HELD : 0;
	random_bytes(frame->span_id, 2);
	if (enclosing && !(server && !(enclosing->flags & FRAME_SERVER))) {
		__builtin_memcpy(frame->trace_id, enclosing->trace_id, 16);
		__builtin_memcpy(frame->parent_span_id, enclosing->span_id, 8);
		/* The remote parent's decision holds for the whole trace. */
		frame->flags |= enclosing->flags & (FRAME_SERVER | FRAME_SAMPLED);
	} else {
		random_bytes(frame->trace_id, 4);
		__builtin_memset(frame->parent_span_id, 0, 8);
		frame->flags |= FRAME_ROOT;
	}
	if (server)
		frame->flags |= FRAME_SERVER;
}

static __always_inline void send_arguments(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	/* Directly before the captured bytes, in the tail of the call record, which is filled later. */
	struct arguments_record *record = (void *)((__u8 *)&scratch->call + sizeof(struct call_record) - sizeof(struct arguments_record));
	__u32 size = scratch->out;

	if (size > CAPTURE_BYTES)
		size = CAPTURE_BYTES;
	record->header.kind = RECORD_ARGUMENTS;
	record->header.process_slot = hit->key.process_slot;
	record->header.probe = scratch->frame.probe;
	record->header.capture_bytes = size;
	record->goid = hit->goid;
	__builtin_memcpy(record->span_id, scratch->frame.span_id, 8);
	if (bpf_ringbuf_output(&ring, record, sizeof(*record) + size, wakeup_flags())) {
		COUNT(scratch->frame.probe, arguments_ring_full);
		scratch->frame.flags |= FRAME_ARGUMENTS_LOST;
	} else {
		scratch->frame.flags |= FRAME_ARGUMENTS_SENT;
	}
}

/* Stores scratch->frame as the goroutine's innermost open call. */
static __always_inline void push_frame(struct hit *hit)
{
	struct scratch *scratch = hit->plan.scratch;
	struct goroutine *goroutine = hit->goroutine;
	__u32 index;

	if (!goroutine) {
		goroutine = &scratch->goroutine;
		goroutine->frames = 1;
		goroutine->skipped = 0;
		goroutine->panicking = 0;
		__builtin_memcpy(&goroutine->frame[0], &scratch->frame, sizeof(struct frame));
		if (bpf_map_update_elem(&goroutines, &hit->key, goroutine, BPF_NOEXIST))
			COUNT(scratch->frame.probe, goroutine_table_full);
		return;
	}
	index = goroutine->frames;
	if (index >= MAX_FRAMES) {
		goroutine->skipped++;
		COUNT(scratch->frame.probe, frame_stack_full);
		return;
	}
	if (index < INLINE_FRAMES) {
		__builtin_memcpy(&goroutine->frame[index], &scratch->frame, sizeof(struct frame));
	} else {
		struct overflow_key key = {hit->key.process_slot, index, hit->key.goid};

		if (bpf_map_update_elem(&overflow_frames, &key, &scratch->frame, BPF_ANY)) {
			goroutine->skipped++;
			COUNT(scratch->frame.probe, frame_stack_full);
			return;
		}
	}
	goroutine->frames = index + 1;
}

static __noinline void enter(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	struct frame *enclosing = 0;
	struct probe *probe;
	__u32 index;

	if (begin_hit(&hit, ctx))
		return;
	index = hit.site->probe;
	probe = bpf_map_lookup_elem(&probes, &index);
	if (!probe)
		return;
	COUNT(index, seen);
	if (find_goroutine(&hit, REGISTER_G(ctx))) {
		COUNT(index, no_goroutine);
		return;
	}
	if (hit.goroutine) {
		hit.end = stale_end(&hit);
		bpf_loop(MAX_FRAMES, end_stale_step, &hit, 0);
		if (hit.goroutine->frames > 0)
			enclosing = frame_at(&hit, hit.goroutine->frames - 1);
	}
	begin_frame(&hit, probe, enclosing);
	if (hit.site->plan) {
		run_plan(&hit.plan, hit.site->plan);
		if (probe->flags & PROBE_SEND_ARGUMENTS)
			send_arguments(&hit);
	}
	scratch->frame.start_ns = bpf_ktime_get_boot_ns();
	push_frame(&hit);
}

static __noinline void leave(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	struct frame *top;

	if (begin_hit(&hit, ctx))
		return;
	if (find_goroutine(&hit, REGISTER_G(ctx)))
		return; /* counted at entry, where g could not be read either */
	if (!hit.goroutine) {
		COUNT(hit.site->probe, entered_before);
		return;
	}
	end_deeper(&hit, hit.depth, stale_end(&hit));
	top = hit.goroutine->frames > 0 ? frame_at(&hit, hit.goroutine->frames - 1) : 0;
	if (top && top->depth == hit.depth && top->probe == hit.site->probe) {
		if (pop_frame(&hit))
			send_call(&hit, END_RETURNED, hit.site->plan);
	} else if (hit.goroutine->skipped > 0) {
		hit.goroutine->skipped--;
	} else {
		COUNT(hit.site->probe, entered_before);
	}
	forget_if_idle(&hit);
}

/* Looks for the innermost open call of the site's probe. */
static long find_open_step(__u64 index, struct hit *hit)
{
	struct frame *frame;
	__u32 frames = hit->goroutine ? hit->goroutine->frames : 0;

	if (index >= frames)
		return 1;
	frame = frame_at(hit, frames - 1 - (__u32)index);
	if (!frame || frame->probe != hit->site->probe || (frame->flags & FRAME_ENDED))
		return 0;
	hit->unwound = frame->depth;
	hit->index = frames - 1 - (__u32)index;
	hit->found = 1;
	return 1;
}

/* Ends the calls above the one at hit->index. */
static long end_above_step(__u64 index, struct hit *hit)
{
	if (!hit->goroutine || hit->goroutine->frames <= hit->kept)
		return 1;
	abandon_top(hit);
	return 0;
}

static __noinline void finish(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	struct frame *frame;

	if (begin_hit(&hit, ctx))
		return;
	if (find_goroutine(&hit, REGISTER_G(ctx)))
		return;
	if (hit.goroutine)
		bpf_loop(MAX_FRAMES, find_open_step, &hit, 0);
	if (!hit.found) {
		COUNT(hit.site->probe, entered_before);
		return;
	}
	/* A site outside of the call: whatever is open above it is stale. */
	if (hit.depth <= hit.unwound) {
		hit.end = stale_end(&hit);
		hit.kept = hit.index + 1;
		bpf_loop(MAX_FRAMES, end_above_step, &hit, 0);
	}
	if (hit.index + 1 == hit.goroutine->frames) {
		if (pop_frame(&hit))
			send_call(&hit, END_RETURNED, hit.site->plan);
	} else {
		/* A site within the call (a status written below a traced function): the calls above go on. */
		frame = frame_at(&hit, hit.index);
		if (!frame)
			return;
		frame->flags |= FRAME_ENDED;
		__builtin_memcpy(&scratch->frame, frame, sizeof(*frame));
		send_call(&hit, END_RETURNED, hit.site->plan);
	}
	forget_if_idle(&hit);
}

static __noinline void scope_end(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};

	if (begin_hit(&hit, ctx))
		return;
	if (find_goroutine(&hit, REGISTER_G(ctx)) || !hit.goroutine)
		return;
	switch (hit.site->action) {
	case SITE_SCOPE_END:
		end_deeper(&hit, hit.depth, END_GOROUTINE);
		break;
	case SITE_GOROUTINE_END:
		end_deeper(&hit, 0, hit.goroutine->panicking ? END_PANIC : END_GOROUTINE);
		hit.goroutine->skipped = 0;
		break;
	case SITE_GOEXIT:
		end_deeper(&hit, 0, END_GOEXIT);
		hit.goroutine->skipped = 0;
		break;
	case SITE_PANIC:
		hit.goroutine->panicking = 1;
		return;
	}
	forget_if_idle(&hit);
}

/* runtime.recovery(gp) runs on g0: the goroutine is its argument. _panic.fp is the frame pointer of the function that
 * recovers, so the calls below it are gone (runtime/panic.go, recovery). */
static __noinline void recovery(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	__u64 g = FIRST_ARGUMENT(ctx), panic = 0, fp = 0, hi = 0;

	if (begin_hit(&hit, ctx))
		return;
	if (find_goroutine(&hit, g) || !hit.goroutine)
		return;
	if (bpf_probe_read_user(&hi, 8, (void *)(g + hit.process->g_stack_hi)) ||
	    bpf_probe_read_user(&panic, 8, (void *)(g + hit.process->g_panic)) ||
	    bpf_probe_read_user(&fp, 8, (void *)(panic + hit.process->panic_fp)))
		return;
	end_deeper(&hit, (__u32)(hi - (fp - RETURN_ADDRESS_BYTES)), END_PANIC);
	hit.goroutine->panicking = 0;
	forget_if_idle(&hit);
}

#define PROGRAM(name, body)                                    \
	SEC("uprobe")                                          \
	int name(struct pt_regs *ctx)                          \
	{                                                      \
		__u32 claimed = 0;                             \
		struct scratch *scratch;                       \
                                                               \
		PREEMPT_DISABLE();                             \
		scratch = claim_scratch(&claimed);             \
		if (scratch) {                                 \
			body(ctx, scratch);                    \
			release_scratch(claimed);              \
		} else {                                       \
			count_busy(ctx);                       \
		}                                              \
		PREEMPT_ENABLE();                              \
		return 0;                                      \
	}

static __noinline void count_busy(struct pt_regs *ctx)
{
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	struct site *site = bpf_map_lookup_elem(&sites, &index);

	if (!site || ((site->flags & SITE_STACK_CHECK) && STACK_CHECK_TAKEN(ctx)))
		return;
	if (site->action == SITE_ENTER)
		COUNT(site->probe, seen);
	COUNT(site->probe, scratch_busy);
}

PROGRAM(function_entry, enter)
PROGRAM(function_exit, leave)
PROGRAM(call_finish, finish)
PROGRAM(scope_exit, scope_end)
PROGRAM(panic_recovery, recovery)

/* ---- processes that come and go ---- */

static __always_inline void send_process_change(__u32 change)
{
	struct bpf_pidns_info info = {};
	struct process_record record = {.header = {.kind = RECORD_PROCESS}, .change = change};

	/* Fails for a process that is not visible in the agent's namespace: not ours to follow. */
	if (bpf_get_ns_current_pid_tgid(settings.pid_namespace_device, settings.pid_namespace_inode, &info, sizeof(info)))
		return;
	/* Threads come and go too. */
	if (info.pid != info.tgid)
		return;
	record.pid = info.tgid;
	bpf_ringbuf_output(&ring, &record, sizeof(record), BPF_RB_FORCE_WAKEUP);
}

SEC("raw_tp/sched_process_exec")
int process_exec(void *ctx)
{
	send_process_change(PROCESS_EXEC);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(void *ctx)
{
	send_process_change(PROCESS_EXIT);
	return 0;
}
