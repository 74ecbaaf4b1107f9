/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The few kernel types that the programs touch, declared by hand: a generated vmlinux.h has 3 MB of them.
 * The context of a uprobe program is the user's registers; their layout is ABI on both architectures
 * (arch/x86/include/asm/ptrace.h; arch/arm64/include/uapi/asm/ptrace.h, struct user_pt_regs).
 */
#ifndef SIDESPAN_KERNEL_H
#define SIDESPAN_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/*
 * The context may only be read at constant offsets; the compiler would merge two loads into one at a computed
 * offset, hence the assembly.
 */
#define CONTEXT_FIELD(ctx, field)                                                              \
	({                                                                                     \
		__u64 value_;                                                                  \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                          \
			     : "=r"(value_)                                                    \
			     : "r"(ctx), "i"(__builtin_offsetof(struct pt_regs, field)));      \
		value_;                                                                        \
	})

#define REGISTER_CASE(number, field) \
	case number:                 \
		return CONTEXT_FIELD(ctx, field);

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	__u64 r15, r14, r13, r12, bp, bx;
	__u64 r11, r10, r9, r8, ax, cx, dx, si, di;
	__u64 orig_ax, ip, cs, flags, sp, ss;
};

#define REGISTER_IP(ctx) CONTEXT_FIELD(ctx, ip)
#define REGISTER_SP(ctx) CONTEXT_FIELD(ctx, sp)
#define REGISTER_G(ctx) CONTEXT_FIELD(ctx, r14)
#define REGISTER_FP(ctx) CONTEXT_FIELD(ctx, bp)
/* JBE is taken when CF (bit 0) or ZF (bit 6) is set. */
#define STACK_CHECK_TAKEN(ctx) ((CONTEXT_FIELD(ctx, flags) & 0x41) != 0)
/* The return address lies between a function's SP at entry and its caller's frame. */
#define RETURN_ADDRESS_BYTES 8
#define FIRST_ARGUMENT(ctx) CONTEXT_FIELD(ctx, ax)

/* At a function's entry; 0 if it can't be read. */
#define RETURN_ADDRESS(ctx)                                                                        \
	({                                                                                         \
		__u64 address_ = 0;                                                                \
		bpf_probe_read_user(&address_, sizeof(address_), (void *)CONTEXT_FIELD(ctx, sp)); \
		address_;                                                                          \
	})
#define SECOND_ARGUMENT(ctx) CONTEXT_FIELD(ctx, bx)
#define THIRD_ARGUMENT(ctx) CONTEXT_FIELD(ctx, cx)

/* As far as they are read; the kernel's own BTF says where `fsbase` is. */
struct thread_struct {
	unsigned long fsbase;
} __attribute__((preserve_access_index));

struct task_struct {
	struct thread_struct thread;
} __attribute__((preserve_access_index));

/*
 * g of the current thread in code that has no register for it; 0 if it can't be read. Go sets FS once a thread, by
 * arch_prctl or clone, and both keep the value in `fsbase` too.
 */
static __always_inline __u64 thread_local_g(const struct pt_regs *ctx, __s32 offset)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 base = 0, g = 0;

	if (!bpf_core_field_exists(task->thread.fsbase) || bpf_core_read(&base, sizeof(base), &task->thread.fsbase) ||
	    bpf_probe_read_user(&g, sizeof(g), (void *)(base + (__s64)offset)))
		return 0;
	return g;
}

/* Numbers as instructions encode them. */
static __always_inline __u64 read_register(const struct pt_regs *ctx, __u32 number)
{
	switch (number) {
	REGISTER_CASE(0, ax)
	REGISTER_CASE(1, cx)
	REGISTER_CASE(2, dx)
	REGISTER_CASE(3, bx)
	REGISTER_CASE(4, sp)
	REGISTER_CASE(5, bp)
	REGISTER_CASE(6, si)
	REGISTER_CASE(7, di)
	REGISTER_CASE(8, r8)
	REGISTER_CASE(9, r9)
	REGISTER_CASE(10, r10)
	REGISTER_CASE(11, r11)
	REGISTER_CASE(12, r12)
	REGISTER_CASE(13, r13)
	REGISTER_CASE(14, r14)
	REGISTER_CASE(15, r15)
	}
	return 0;
}

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};

#define REGISTER_IP(ctx) CONTEXT_FIELD(ctx, pc)
#define REGISTER_SP(ctx) CONTEXT_FIELD(ctx, sp)
#define REGISTER_G(ctx) CONTEXT_FIELD(ctx, regs[28])
#define REGISTER_FP(ctx) CONTEXT_FIELD(ctx, regs[29])
/* B.LS is taken when C (bit 29) is clear or Z (bit 30) is set. */
#define STACK_CHECK_TAKEN(ctx) ((CONTEXT_FIELD(ctx, pstate) & (1UL << 29)) == 0 || (CONTEXT_FIELD(ctx, pstate) & (1UL << 30)) != 0)
#define RETURN_ADDRESS_BYTES 0
#define FIRST_ARGUMENT(ctx) CONTEXT_FIELD(ctx, regs[0])
#define RETURN_ADDRESS(ctx) CONTEXT_FIELD(ctx, regs[30])
#define SECOND_ARGUMENT(ctx) CONTEXT_FIELD(ctx, regs[1])
#define THIRD_ARGUMENT(ctx) CONTEXT_FIELD(ctx, regs[2])

/* All code keeps g in its register. */
static __always_inline __u64 thread_local_g(const struct pt_regs *ctx, __s32 offset)
{
	return REGISTER_G(ctx);
}

static __always_inline __u64 read_register(const struct pt_regs *ctx, __u32 number)
{
	switch (number) {
	REGISTER_CASE(0, regs[0])
	REGISTER_CASE(1, regs[1])
	REGISTER_CASE(2, regs[2])
	REGISTER_CASE(3, regs[3])
	REGISTER_CASE(4, regs[4])
	REGISTER_CASE(5, regs[5])
	REGISTER_CASE(6, regs[6])
	REGISTER_CASE(7, regs[7])
	REGISTER_CASE(8, regs[8])
	REGISTER_CASE(9, regs[9])
	REGISTER_CASE(10, regs[10])
	REGISTER_CASE(11, regs[11])
	REGISTER_CASE(12, regs[12])
	REGISTER_CASE(13, regs[13])
	REGISTER_CASE(14, regs[14])
	REGISTER_CASE(15, regs[15])
	REGISTER_CASE(26, regs[26])
	REGISTER_CASE(28, regs[28])
	}
	return 0;
}

#else
#error "compile with -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

/* Present from Linux 6.10; weak, so that the programs load without them. */
extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;

/* Constant once loaded: the verifier drops the branches that are not taken. */
#ifdef WITHOUT_PREEMPT_DISABLE
#define CAN_DISABLE_PREEMPTION 0
#else
#define CAN_DISABLE_PREEMPTION (bpf_preempt_disable && bpf_preempt_enable)
#endif

/* Adds to a number of this CPU. A locked operation waits for all stores before it, those into the ring too. */
#define ADD_ONE(counter)                                       \
	do {                                                   \
		if (CAN_DISABLE_PREEMPTION)                    \
			*(counter) += 1;                       \
		else                                           \
			__sync_fetch_and_add(counter, 1);      \
	} while (0)

/* Stores what another CPU may act on, after everything before it. */
#if defined(__TARGET_ARCH_x86)
#define STORE_RELEASE(to, value)                       \
	do { /* as x86 stores anyway */                \
		asm volatile("" ::: "memory");         \
		*(volatile __u64 *)(to) = (value);     \
	} while (0)
#else
#define STORE_RELEASE(to, value) ((void)__sync_lock_test_and_set(to, value))
#endif

/*
 * The word at a place in an array of bytes. A function of its own: where clang sees that it is such an array, it takes the
 * word byte by byte.
 */
static __always_inline __u64 *word_at(const void *place)
{
	return (__u64 *)place;
}

/* Keeps a bound in the instruction stream that the compiler thinks it has already proved. */
#define MASK(value, limit) asm volatile("%0 &= %1" : "+r"(value) : "i"((limit)-1))

#endif
