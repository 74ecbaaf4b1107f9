/*
 * Makes one chosen call of bpf, perf_event_open, mmap (of a file, shared) or ioctl (enabling a perf event) fail, wherever
 * in the process it comes from: a seccomp filter traps these calls, and the handler counts them and passes them on.
 * Loaded beside the agent, or into a process that then calls fail_call_arm.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PERF_EVENT_IOC_ENABLE 0x2400

extern const char pass_on_return[];
long pass_on(long number, long a, long b, long c, long d, long e, long f);

/* The one place whose calls the filter lets through. */
__asm__(".text\n.globl pass_on\n.type pass_on,@function\npass_on:\n"
	"mov %rdi,%rax\nmov %rsi,%rdi\nmov %rdx,%rsi\nmov %rcx,%rdx\nmov %r8,%r10\nmov %r9,%r8\nmov 8(%rsp),%r9\n"
	"syscall\n.globl pass_on_return\npass_on_return:\nret\n");

static long calls, failing_call, failing_errno;

static void trapped(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	long number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);

	(void)signal;
	if (number == failing_call)
		r[REG_RAX] = -failing_errno;
	else
		r[REG_RAX] = pass_on(info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
}

static int install(void)
{
	static int installed;
	uint64_t ip = (uint64_t)(uintptr_t)pass_on_return;
	const uint32_t nr = offsetof(struct seccomp_data, nr), at = offsetof(struct seccomp_data, instruction_pointer);
	const uint32_t arg1 = offsetof(struct seccomp_data, args[1]), arg3 = offsetof(struct seccomp_data, args[3]);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg3),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, MAP_TYPE | MAP_ANONYMOUS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAP_SHARED, 3, 7),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 6),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PERF_EVENT_IOC_ENABLE, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ip, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(ip >> 32), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

	if (installed++)
		return 0;
	if (sigaction(SIGSYS, &action, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? errno : 0;
}

/* From now on the `number`th call fails; 0: none. Returns 0 or the errno that prevents it. */
int fail_call_arm(long number, long error)
{
	failing_call = number;
	failing_errno = error;
	__atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
	return install();
}

/* Calls since it was armed. */
long fail_call_count(void)
{
	return calls;
}

__attribute__((constructor)) static void from_environment(void)
{
	const char *number = getenv("FAIL_CALL"), *error = getenv("FAIL_ERRNO");

	if (number && error && fail_call_arm(atol(number), atol(error)))
		_exit(99);
}
