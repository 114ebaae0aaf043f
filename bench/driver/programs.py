"""Real programs: their time is processor seconds, their output is compared."""

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass

from .jobs import JobError, Outcome

SCRIPTS = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs"
)
SOCKET_WAIT = 10  # seconds for a server to listen
HEAVY_TYPES = 10  # distinct instantiations in the C++ file


def _digest(*parts):
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


@dataclass(frozen=True)
class Program:
    """A command whose size is a number: {n} in its arguments."""

    name: str
    command: tuple
    full: int
    quick: int
    environment: tuple = ()
    text: str = ""  # a script for stdin, @ROWS@ being the size
    group: str = "program"
    unit: str = "s"
    most_rounds: int = 1000
    quick_rounds: int = 2  # they take the longest

    def rows(self):
        """One row."""
        return [self.name]

    def run(self, bench, peer):
        """Runs it once under an allocator."""
        size = self.quick if bench.quick else self.full
        command = [
            part.format(n=size, scripts=SCRIPTS) for part in self.command
        ]
        options = {"environment": dict(self.environment)}
        if self.text:
            options["text"] = self._script(size)
        usage, text = bench.measured(command, peer, **options)
        return Outcome(
            {self.name: usage["user"] + usage["system"]},
            usage["maxrss_kb"],
            _digest(text),
            usage,
        )

    def _script(self, size):
        with open(os.path.join(SCRIPTS, self.text), "rb") as file:
            return file.read().replace(b"@ROWS@", str(size).encode())


def heavy_source(types):
    """A C++ file that is mostly templates: `types` instantiations of maps,
    sorted vectors, expressions and functions."""
    parts = [
        "#include <algorithm>\n#include <functional>\n#include <map>\n"
        "#include <memory>\n#include <sstream>\n"
        "#include <string>\n#include <unordered_map>\n#include <vector>\n"
        "template <int N> struct tagged { int value; bool operator<("
        "const tagged &o) const { return value < o.value; } };\n"
    ]
    for i in range(types):
        parts.append(
            f"std::string make{i}(const std::vector<tagged<{i}>> &in) {{\n"
            f"  std::map<tagged<{i}>, std::vector<std::string>> found;\n"
            f"  std::vector<tagged<{i}>> sorted(in);\n"
            "  std::sort(sorted.begin(), sorted.end());\n"
            "  for (auto &t : sorted) found[t].push_back("
            "std::to_string(t.value));\n"
            f"  std::function<void(const tagged<{i}> &)> visit;\n"
            "  std::ostringstream out;\n"
            f"  visit = [&](const tagged<{i}> &t) {{ out << t.value; }};\n"
            "  for (auto &pair : found) visit(pair.first);\n"
            "  return out.str();\n}\n"
        )
    return "".join(parts).encode()


@dataclass(frozen=True)
class Compiler(Program):
    """g++ on a file that is written for it."""

    def _script(self, size):
        return heavy_source(size)


@dataclass(frozen=True)
class Redis:
    """redis-server under load: the server is measured, its clients are not.
    Afterwards it is filled with known keys, and its digest is the output."""

    name: str = "redis"
    full: int = 80000
    quick: int = 6000
    group: str = "program"
    unit: str = "s"
    most_rounds: int = 1000
    quick_rounds: int = 2  # they take the longest

    def rows(self):
        """One row."""
        return [self.name]

    def run(self, bench, peer):
        """Runs server and clients once."""
        socket = os.path.join(bench.scratch, "redis.sock")
        result = os.path.join(bench.scratch, "redis.json")
        command = [
            "redis-server",
            *("--port", "0", "--unixsocket", socket, "--save", ""),
            *("--appendonly", "no", "--enable-debug-command", "yes"),
        ]
        server = subprocess.Popen(
            bench.measure_command(command, peer, result),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=bench.scratch,
            env=bench.environment(),
        )
        try:
            self._wait(socket, server)
            size = self.quick if bench.quick else self.full
            output = self._load(socket, size)
            self._client(socket, "shutdown", "nosave", check=False)
            server.wait(timeout=60)
        except subprocess.SubprocessError as reason:
            raise JobError(f"redis: {reason}") from reason
        finally:
            if server.poll() is None:
                self._client(socket, "shutdown", "nosave", check=False)
                server.terminate()
                server.wait()
        usage = bench.usage(result)
        return Outcome(
            {self.name: usage["user"] + usage["system"]},
            usage["maxrss_kb"],
            output,
            usage,
        )

    @staticmethod
    def _wait(socket, server):
        deadline = time.monotonic() + SOCKET_WAIT
        while not os.path.exists(socket):
            if server.poll() is not None or time.monotonic() > deadline:
                raise JobError("redis-server does not start")
            time.sleep(0.02)

    @staticmethod
    def _client(socket, *words, check=True, text=None):
        done = subprocess.run(
            ["redis-cli", "-s", socket, *words],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=check,
        )
        return done.stdout

    def _load(self, socket, requests):
        for tests, size in (("set,get,incr,lpush,lpop,sadd,hset", 100),
                            ("set,get,lpush,lrange_100", 700)):
            subprocess.run(
                [
                    *("redis-benchmark", "-s", socket, "-q", "-P", "16"),
                    *("-n", str(requests), "-r", "50000", "-d", str(size)),
                    *("-t", tests),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=300,
                check=True,
            )
        self._client(socket, "flushall")
        lines = "".join(
            f"SET key:{i} {'v' * (i % 500 + 1)}\r\n"
            f"HSET hash:{i % 97} field:{i} {i}\r\n"
            for i in range(requests // 20)
        )
        self._client(socket, "--pipe", text=lines.encode())
        return _digest(self._client(socket, "debug", "digest"))


PROGRAMS = (
    Redis(),
    Program("sqlite3", ("sqlite3", ":memory:"), 300000, 30000,
            text="table.sql"),
    Program("python3",
            ("/usr/bin/python3", "-s", "-S", "{scripts}/records.py", "{n}"),
            20000, 3000,
            environment=(("PYTHONMALLOC", "malloc"),)),
    Program("arrays",
            ("/usr/bin/python3", "-s", "-S", "{scripts}/arrays.py", "{n}"),
            6000, 800, environment=(("PYTHONMALLOC", "malloc"),)),
    Compiler("g++", ("g++", "-std=c++17", "-O1", "-S", "-o", "-", "-x", "c++",
                     "-"), HEAVY_TYPES, 1, text="generated"),
    Program("ruby", ("ruby", "--disable-gems", "{scripts}/records.rb", "{n}"),
            30000, 3000),
    Program("lua", ("lua5.4", "{scripts}/records.lua", "{n}"), 30000, 4000),
    Program("perl", ("perl", "{scripts}/records.pl", "{n}"), 15000, 2500,
            environment=(("PERL_HASH_SEED", "0"),)),
    Program("ghostscript",
            ("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER",
             "-sDEVICE=ppmraw", "-r100", "-sOutputFile=-", "-dpages={n}",
             "{scripts}/pages.ps"), 8, 2),
)
