"""What a hostile notebook tries from inside its kernel, as data.

Each case is Python that raises when the attempt fails and returns when it succeeds. ``P`` has the places and numbers the attacker
would have to guess and is told here, ``T`` the folder for temporary files. Helpers: ``find(x)`` raises ``Nothing`` when there is
nothing, ``call(n, ...)`` makes a system call, ``reach(n, ...)`` succeeds when the call gets as far as looking at its arguments,
``ask(op, **args)`` asks the broker over the kernel's own session and raises what it refuses with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outside = Literal["anyone", "root", "depends", "never"]


@dataclass(frozen=True)
class Case:
    """One attempt.

    Parameters
    ----------
    name
        What is tried.
    code
        How.
    answers
        What may come of it: names of errors (``EPERM``), of exceptions, or codes of the broker's refusals.
    outside
        Who succeeds with the same code in a stock kernel on the same machine: anyone, root, nobody ("never": there is no broker to
        ask, or Linux itself refuses), or it depends on the machine.
    """

    name: str
    code: str
    answers: tuple[str, ...]
    outside: Outside = "anyone"


GONE = ("ENOENT",)
"""The mounts do not hold it."""
REFUSED = ("EPERM",)
"""The filter for system calls."""
NO_WAY = ("ENETUNREACH", "ECONNREFUSED", "EADDRNOTAVAIL", "EHOSTUNREACH")
"""An empty network."""
NOTHING = ("Nothing",)
COVERED = (*NOTHING, *GONE, "EACCES", "EPERM")
"""Empty, absent on this machine, or closed."""

FILES = [
    Case("tokens and PINs of everybody", "open(P['info']).read()", GONE),
    Case("the settings of its own server, with the token", "open(P['server_config']).read()", GONE),
    Case("the broker's database", "open(P['database'], 'rb').read(1)", GONE),
    Case("the broker's frozen deliveries", "os.listdir(P['objects'])", GONE),
    Case("the folder of the audit's anchors", "os.listdir(P['anchors'])", GONE),
    Case("the catalogue", "os.listdir(P['catalogue'])", GONE),
    Case("a granted file past the broker", "open(P['parquet'], 'rb').read(4)", GONE),
    Case("a granted file by the engine's name", "os.listdir('/data')", GONE, "never"),
    Case("the policies", "os.listdir(P['policies'])", GONE),
    Case("logs of the deployment", "os.listdir(P['logs'])", GONE),
    Case("the leader's own files", "open(P['leaders']).read()", GONE),
    Case("another project's files", "open(P['theirs']).read()", GONE),
    Case("the storage of all projects", "os.listdir(P['storage'])", GONE),
    Case("the folder above the workspace", "os.listdir(os.path.join(os.getcwd(), '..', P['storage'].lstrip('/')))", GONE, "depends"),
    Case("climbing out of the workspace", "open('../' * 30 + P['leaders'].lstrip('/')).read()", GONE),
    Case("climbing out through an open folder", "os.open('../' * 30 + P['leaders'].lstrip('/'), 0, dir_fd=os.open('.', os.O_PATH))", GONE),
    Case("the root of process 1", "open('/proc/1/root' + P['leaders']).read()", (*GONE, "EACCES", "EPERM"), "depends"),
    Case("the folder process 1 stands in", "os.listdir('/proc/1/cwd/' + P['storage'])", (*GONE, "EACCES", "EPERM"), "depends"),
    Case("the roots of all processes", "find([p for p in processes() if os.path.exists(f'/proc/{p}/root' + P['leaders'])])", NOTHING),
    Case("files that other processes hold open", "find([x for x in descriptors() if P['root'] in x])", NOTHING, "depends"),
    Case("the environment of the broker", "find(open(f'/proc/{P[\"broker\"]}/environ', 'rb').read())", GONE),
    Case("the command line of its server", "open(f'/proc/{P[\"server\"]}/cmdline').read()", GONE),
    Case("tokens in any environment", "find([e for e in environments() if b'TOKEN' in e or b'PIN=' in e or b'JPY_' in e])", NOTHING),
    Case("places of the catalogue in the table of mounts", "find(P['catalogue'] in open('/proc/self/mountinfo').read())", NOTHING, "never"),
    Case("the machine's id", "open('/etc/machine-id').read()", GONE, "depends"),
    Case("the machine's accounts", "find(len(open('/etc/passwd').readlines()) > 2)", NOTHING),
    Case("the machine's password hashes", "open('/etc/shadow').read()", GONE, "root"),
    Case(
        "the machine's devices", "find([x for x in os.listdir('/dev') if stat.S_ISBLK(os.stat('/dev/' + x).st_mode)])", (*NOTHING, *GONE), "depends"
    ),
    Case("the machine's hardware", "os.listdir('/sys/class')", GONE, "depends"),
    Case("its own control group", "find(os.listdir('/sys/fs/cgroup'))", GONE, "depends"),
    Case("shared memory of the machine", "open(P['shm'], 'rb').read()", GONE),
    Case("what others keep in /tmp", "open(P['tmp']).read()", GONE),
    Case("settings of the kernel of the machine", "open('/proc/sys/kernel/core_pattern', 'r+').close()", ("EROFS", "EACCES"), "root"),
    Case("the switch that restarts the machine", "open('/proc/sysrq-trigger', 'r+').close()", ("EROFS", "EACCES", *GONE), "depends"),
    Case("the memory of the machine", "find(open('/proc/kcore', 'rb').read(1))", COVERED, "depends"),
    Case("the key rings", "find(open('/proc/keys').read())", COVERED, "depends"),
    Case("addresses in the kernel of the machine", "find([x for x in open('/proc/kallsyms') if int(x.split()[0], 16)])", COVERED, "depends"),
    Case("to be spared when memory is short", "os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-999')", ("EACCES", "EPERM"), "depends"),
    Case("to write to the programs", "find(os.access('/usr/bin', os.W_OK))", NOTHING, "root"),
    Case("to write to this Python's packages", "find(os.access(os.path.dirname(json.__file__), os.W_OK))", NOTHING, "root"),
    Case("to write to what every program loads first", "find(os.access('/etc', os.W_OK))", NOTHING, "root"),
    Case("to write to the folder it starts in", "open('json.py', 'w').close()", ("EROFS", "EACCES")),
]
"""Reading and writing what is not the notebook's."""

PLANTED = [
    Case("a link to a file, in the shared area", "os.symlink(P['leaders'], 'shared/planted.csv')", ("EACCES",)),
    Case("a link to a folder, in its own area", "os.symlink(P['storage'], 'personal/planted')", ("EACCES",)),
    Case("a link to the process that reads it", "os.symlink('/proc/self/environ', 'personal/planted.ipynb')", ("EACCES",)),
    Case("a link to nothing yet", "os.symlink('missing', 'personal/planted-later')", ("EACCES",)),
    Case(
        "a link made elsewhere and moved in", "os.symlink('/etc', T + '/planted'); os.rename(T + '/planted', 'personal/moved')", ("EXDEV",), "depends"
    ),
    Case(
        "a link made elsewhere and copied in",
        "os.symlink('/etc', T + '/planted-too'); shutil.copy(T + '/planted-too', 'personal/copied', follow_symlinks=False)",
        ("EACCES",),
    ),
    Case(
        "a folder of links unpacked from an archive",
        "b = io.BytesIO(); t = tarfile.open(fileobj=b, mode='w'); i = tarfile.TarInfo('planted-tar'); i.type = tarfile.SYMTYPE; i.linkname = '/etc'; "
        "t.addfile(i); t.close(); b.seek(0); tarfile.open(fileobj=b).extractall('personal'); find(os.path.islink('personal/planted-tar'))",
        ("EACCES", *NOTHING),
    ),
    Case("a FIFO that a reader waits for", "os.mkfifo('personal/planted.txt')", ("EACCES",)),
    Case("a socket that looks like a file", "socket.socket(socket.AF_UNIX).bind('personal/planted.sock')", ("EACCES",)),
    Case("a device", "os.mknod('personal/planted-device', 0o20666, os.makedev(1, 1))", ("EACCES", "EPERM"), "root"),
    Case("a device in its own /tmp", "os.mknod(T + '/planted-device', 0o20666, os.makedev(1, 1))", ("EACCES", "EPERM"), "root"),
    Case("a second name for a program", "os.link('/usr/bin/env', 'personal/planted-program')", ("EXDEV", "EPERM"), "depends"),
    Case(
        "a second name through a descriptor",
        "f = os.open(json.__file__, 0); os.link(f'/proc/self/fd/{f}', 'personal/planted-fd', follow_symlinks=True)",
        ("EXDEV", "EPERM", "ENOENT"),
        "depends",
    ),
    Case("a file handle that survives the mounts", "call(303, -100, b'.', bytearray(136), bytearray(8), 0)", REFUSED, "depends"),
    Case("a file by its handle, past the mounts", "reach(304, -1, bytes(136), 0)", REFUSED, "root"),
    Case(
        "rights in an attribute of a file", "open('personal/p', 'w').close(); os.setxattr('personal/p', 'security.capability', C)", REFUSED, "depends"
    ),
    Case("a file where only its sockets belong", "open('/run/kernel/sockets/planted', 'wb').write(b'x')", ("EACCES",), "never"),
    Case(
        "a file without a name where only its sockets belong",
        "os.write(os.open('/run/kernel/sockets', os.O_TMPFILE | os.O_RDWR), b'x')",
        ("EACCES",),
        "never",
    ),
    Case("a folder where only its sockets belong", "os.mkdir('/run/kernel/sockets/planted')", ("EACCES",), "never"),
    Case(
        "rights from setuid programs",
        "find(libc.prctl(39, 0, 0, 0, 0) == 0)",
        NOTHING,
        "depends",
    ),
]
"""What a server, or another person's program, might stumble over."""

PROCESSES = [
    Case("to see processes of the machine", "find(len(processes()) > 30 or os.path.exists(f'/proc/{P[\"broker\"]}'))", NOTHING),
    Case("to signal the broker", "os.kill(P['broker'], 0)", ("ESRCH",)),
    Case("to hold on to the broker", "os.pidfd_open(P['broker'])", ("ESRCH", "EINVAL")),
    Case("to trace another process", "child(lambda p: must(libc.ptrace(16, p, 0, 0)))", REFUSED, "depends"),
    Case("to read another process's memory", "child(lambda p: reach(310, p, 0, 0, 0, 0, 0))", REFUSED, "depends"),
    Case("to write another process's memory", "child(lambda p: reach(311, p, 0, 0, 0, 0, 0))", REFUSED, "depends"),
    Case("to take another process's descriptor", "child(lambda p: call(438, os.pidfd_open(p), 0, 0))", REFUSED, "depends"),
    Case(
        "to read the memory of process 1",
        "find(open('/proc/1/mem', 'rb') and P['broker'] and len(processes()) > 30)",
        ("EACCES", "EPERM", *NOTHING),
        "depends",
    ),
    Case("a user namespace", "must(libc.unshare(0x10000000))", REFUSED, "depends"),
    Case("a user namespace by clone", "call(56, 0x10000000 | 17, 0, 0, 0, 0)", REFUSED, "depends"),
    Case("clone3, whose flags no filter sees", "reach(435, 0, 0)", ("ENOSYS",), "depends"),
    Case("another process's namespaces", "reach(308, os.open('/proc/1/ns/uts', 0), 0)", ("EPERM", "EACCES"), "depends"),
    Case("to mount", "must(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))", REFUSED, "never"),
    Case("to unmount", "must(libc.umount2(b'/proc/keys', 2))", REFUSED, "never"),
    Case("another root", "reach(155, b'/nonexistent', b'/nonexistent')", REFUSED, "depends"),
    Case("another root by chroot", "os.chroot('personal')", REFUSED, "root"),
    Case("a copy of a mount", "call(428, -100, b'/', 0)", REFUSED, "depends"),
    Case("a new file system", "reach(430, b'tmpfs', 0)", REFUSED, "depends"),
    Case("io_uring", "reach(425, 0, 0)", REFUSED, "depends"),
    Case("bpf", "reach(321, 999, 0, 0)", REFUSED, "depends"),
    Case("performance counters", "reach(298, 0, 0, -1, -1, 0)", REFUSED, "depends"),
    Case("userfaultfd", "reach(323, 0xffff)", REFUSED, "depends"),
    Case("a key in a key ring", "reach(248, 0, 0, 0, 0, 0)", REFUSED, "depends"),
    Case("the session's key ring", "call(250, 0, -3, 0, 0, 0)", REFUSED, "depends"),
    Case("memory that nobody sees", "call(447, 0)", ("ENOSYS",), "depends"),
    Case("a file in memory, of which nobody sees how much it holds", "os.memfd_create('x')", ("ENOSYS",)),
    Case("a thread whose descriptors nobody sees", "thread(0x10900)", REFUSED),
    Case("descriptors that nobody sees, later", "call(436, 9000, 9001, 2)", REFUSED),
    Case("the mounts by their numbers", "reach(458, 0, 0, 0, 0)", REFUSED, "depends"),
    Case("a mount by its number", "reach(457, 0, 0, 0, 0)", REFUSED, "depends"),
    Case("another personality", "call(135, 0xffffffff)", REFUSED, "depends"),
    Case("32-bit segments", "reach(154, 0, 0, 0)", REFUSED, "depends"),
    Case("watching all files of a mount", "reach(300, 0xffff, 0)", REFUSED, "depends"),
    Case("to type into a terminal", "m, s = os.openpty(); fcntl.ioctl(s, 0x5412, b'x')", REFUSED, "depends"),
    Case("to load a module", "reach(313, -1, 0, 0)", REFUSED, "depends"),
    Case("to restart the machine", "reach(169, 0, 0, 0, 0)", REFUSED, "depends"),
    Case("to set the clock", "reach(164, 0, 0)", REFUSED, "depends"),
    Case("the messages of the kernel of the machine", "call(103, 10, 0, 0)", REFUSED, "depends"),
    Case("to become root", "os.setuid(0)", (*REFUSED, "EINVAL"), "root"),
    Case("to become another account", "os.setresuid(1, 1, 1)", (*REFUSED, "EINVAL"), "root"),
    Case("to go first", "os.nice(-10)", ("EACCES", *REFUSED), "depends"),
    Case("to run in real time", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))", REFUSED, "depends"),
    Case("core dumps", "resource.setrlimit(resource.RLIMIT_CORE, (1, 1))", ("ValueError", *REFUSED), "depends"),
    Case("processes without number", "find(resource.getrlimit(resource.RLIMIT_NPROC)[0] not in range(1, 5000))", NOTHING, "depends"),
    Case("files without number", "find(resource.getrlimit(resource.RLIMIT_NOFILE)[0] not in range(1, 20000))", NOTHING, "depends"),
    Case("to fill the memory through /tmp", "s = os.statvfs('/tmp'); find(s.f_blocks * s.f_frsize > 2**31)", NOTHING, "depends"),
    Case("to fill the memory through /dev/shm", "s = os.statvfs('/dev/shm'); find(s.f_blocks * s.f_frsize > 2**31)", NOTHING, "depends"),
]
"""Other processes, more rights, rarely used parts of Linux, more than its share."""

SOCKETS = [
    Case("a service of the machine", "socket.create_connection(('127.0.0.1', P['tcp']), 5)", NO_WAY),
    Case("a service of the machine over IPv6", "socket.create_connection(('::1', P['tcp6']), 5)", NO_WAY, "depends"),
    Case("a service that answers datagrams", "echo(P['udp'])", (*NO_WAY, "TimeoutError")),
    Case("its own workspace server", "socket.create_connection(('127.0.0.1', P['server_port']), 5)", NO_WAY),
    Case("a way out", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))", NO_WAY, "depends"),
    Case("a way out over IPv6", "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(('2001:db8::1', 53))", NO_WAY, "depends"),
    Case("names", "socket.getaddrinfo('name.example.', 80)", ("gaierror",), "never"),
    Case("network cards", "find([n for _, n in socket.if_nameindex() if n != 'lo'])", NOTHING, "depends"),
    Case("the hypervisor", "socket.socket(40, socket.SOCK_STREAM)", ("EAFNOSUPPORT",), "depends"),
    Case("raw frames", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", ("EAFNOSUPPORT", *REFUSED), "depends"),
    Case("raw packets", "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)", REFUSED, "depends"),
    Case("events of the kernel of the machine", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)", ("EAFNOSUPPORT",), "depends"),
    Case("the audit of the machine", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)", ("EAFNOSUPPORT",), "depends"),
    Case("ciphers of the kernel of the machine", "socket.socket(38, socket.SOCK_SEQPACKET)", ("EAFNOSUPPORT",), "depends"),
    Case("a pair of sockets of a rare kind", "socket.socketpair(30, socket.SOCK_STREAM)", ("EAFNOSUPPORT",), "depends"),
    Case("an abstract socket of the machine", "connect('\\0' + P['abstract'])", ("ECONNREFUSED", "EPERM")),
    Case("its own gateway, where it would be the server", "connect(P['gateway'])", GONE),
    Case("the leader's gateway", "connect(P['leaders_gateway'])", GONE),
    Case("the session of another kernel", "connect(P['other_session'])", GONE),
    # its owner may pass through it and cannot list it, so that a stock kernel under the same account fails too
    Case("the sessions of all kernels", "os.listdir(P['sessions'])", GONE, "never"),
    Case("sessions beside its own", "find(len(os.listdir(os.path.dirname(os.environ['CBS_SESSION']))) > 1)", (*NOTHING, "EACCES"), "never"),
    Case("to take the place of the broker", "os.unlink(os.environ['CBS_SESSION'])", ("EROFS", "EACCES"), "never"),
    Case("the sockets of another kernel", "os.listdir(P['other_runtime'])", GONE),
    Case(
        "connection files of other kernels",
        "find([f for d in ('/run/kernel', paths.jupyter_runtime_dir()) for f in glob.glob(d + '/*.json') if f != connection_file()])",
        NOTHING,
    ),
]
"""The network, and sockets of others."""

BROKER = [
    Case("to choose its project", "ask('sql', text='SELECT 1', project='9002')", ("invalid_request",), "never"),
    Case("to choose its person", "ask('sql', text='SELECT 1', user='leader')", ("invalid_request",), "never"),
    Case("to choose its project in the greeting", "ask('me', hello={'protocol': 1, 'project': '9002'})", ("closed",), "never"),
    Case("to choose its role in the greeting", "ask('me', hello={'protocol': 1, 'role': 'checker'})", ("closed",), "never"),
    Case("to be somebody else in what is answered", "find(ask('me')['user'] != 'researcher' or ask('me')['project'] != '9001')", NOTHING, "never"),
    Case("a data set that is not granted", "ask('sql', text='FROM VERDTAB')", ("unknown_dataset",), "never"),
    Case(
        "a table of a data set that is not granted", "ask('table', source='VERDTAB', rows=['SOORT'])", ("unknown_dataset", "unknown_column"), "never"
    ),
    Case("a table for another project", "ask('table', source='GBAPERSOONTAB', rows=['GBAGESLACHT'], project='9002')", ("invalid_request",), "never"),
    Case("evidence of its own making", "ask('table', source='GBAPERSOONTAB', rows=['GBAGESLACHT'], evidence=[])", ("invalid_request",), "never"),
    Case(
        "a fingerprint of its own making",
        "ask('table', source='GBAPERSOONTAB', rows=['GBAGESLACHT'], fingerprint='0' * 64)",
        ("invalid_request",),
        "never",
    ),
    Case(
        "rules of its own", "ask('table', source='GBAPERSOONTAB', rows=['GBAGESLACHT'], profile={'min_frequency': 1})", ("invalid_request",), "never"
    ),
    Case("the description of a data set that is not granted", "ask('catalogue.get', name='VERDTAB')", ("unknown_dataset",), "never"),
    Case("another person's files by the pre-check", "ask('precheck', paths=['personal/../leader/private.txt'])", ("bad_path",), "never"),
    Case("a file of the machine by the pre-check", "ask('precheck', paths=['/etc/passwd'])", ("bad_path",), "never"),
    Case("another project's files by the pre-check", "ask('precheck', paths=['shared/../../9002/shared/theirs.txt'])", ("bad_path",), "never"),
    Case("the policy", "ask('policy')", ("unknown_operation",), "never"),
    Case("the audit", "ask('audit', limit=10)", ("unknown_operation",), "never"),
    Case("a session for another kernel", "ask('sessions.open', kernel_id='stolen')", ("unknown_operation",), "never"),
    Case("the end of another kernel's session", "ask('sessions.close', id=P['other_session'].split('/')[-2])", ("unknown_operation",), "never"),
    Case("the server's question whether a save fits", "ask('quota.check', path='shared/x', bytes=1)", ("unknown_operation",), "never"),
    *(
        Case(
            f"to {action} an export",
            f"ask('exports.act', id=P['draft'], action='{action}', version=1, pin=P['pin'])",
            ("not_from_a_kernel",),
            "never",
        )
        for action in ("submit", "approve", "reject", "return", "withdraw")
    ),
    Case("to release an export", "ask('exports.act', id=P['draft'], action='release', version=1, pin=P['pin'])", ("invalid_request",), "never"),
    Case("to change an export's state", "ask('exports.edit', id=P['draft'], version=1, state='approved')", ("invalid_request",), "never"),
    Case(
        "to change an export's report", "ask('exports.edit', id=P['draft'], version=1, report=None, digest='0' * 64)", ("invalid_request",), "never"
    ),
    Case("an export of another project", "ask('exports.get', id=P['foreign_draft'])", ("unknown_export",), "never"),
    Case(
        "to change an export of another project", "ask('exports.edit', id=P['foreign_draft'], version=1, title='mine')", ("unknown_export",), "never"
    ),
]
"""What the kernel may ask the broker, and what it says of itself."""

CASES = (*FILES, *PLANTED, *PROCESSES, *SOCKETS, *BROKER)

STARTUP_FILES = {
    "personal/.ipython/profile_default/startup/00-planted.py": "IPython's start-up files",
    "personal/.ipython/profile_default/ipython_config.py": "IPython's configuration",
    "shared/sitecustomize.py": "Python's start-up file",
    "shared/usercustomize.py": "a person's start-up file",
    "shared/ipykernel_launcher.py": "a module of the kernel's name",
    "shared/json.py": "a module of the standard library's name",
    "personal/.jupyter/jupyter_server_config.py": "the server's configuration",
    "shared/jupyter_server_config.py": "the server's configuration, in the shared area",
    "personal/.local/lib/python3.11/site-packages/planted.pth": "a person's own packages",
    "shared/jupyter_cbs/__init__.py": "a package of this project's name",
    "personal/.config/matplotlib/matplotlibrc": "matplotlib's configuration",
}
"""Files that a kernel may write, which no kernel or server may run: place → what would read them."""
