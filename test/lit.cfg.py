# One lit suite for the whole tree. Tests name tools without a path: build/bin
# and LLVM's own tools come first in PATH, so that a test line reads like what a
# user types.
import os
import re
import subprocess

import lit.formats
import lit.util

config.name = "ogee"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".arch", ".test"]
config.excludes = ["Inputs", "bench", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.ogee_source_root, "test")
config.test_exec_root = os.path.join(config.ogee_binary_root, "test")

tools = [os.path.join(config.ogee_binary_root, "bin"), config.llvm_tools_dir]
config.environment["PATH"] = os.pathsep.join(
    tools + [config.environment.get("PATH", "")]
)
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
# What a test compiles is compiled.
config.environment["OGEE_CACHE"] = "off"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "PYTHONPATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%python", "python3"),
    ("%cxx", config.cxx),
    ("%root", config.ogee_source_root),
    ("%build", config.ogee_binary_root),
    ("%zoo", os.path.join(config.ogee_source_root, "lang", "zoo")),
    ("%std", os.path.join(config.ogee_source_root, "lang", "std")),
]

# Asked of the interpreter that tests run, which need not be lit's own.
for module in ("torch", "numpy"):
    seek = f"import importlib.util as u; exit(u.find_spec('{module}') is None)"
    if subprocess.run(["python3", "-c", seek], env=config.environment).returncode == 0:
        config.available_features.add(module)
for tool in ("gdb", "gcc"):
    if lit.util.which(tool, config.environment["PATH"]):
        config.available_features.add(tool)


def cpu_flags():
    """Features of this processor, as in /proc/cpuinfo."""
    with open("/proc/cpuinfo") as info:
        found = re.search(r"^flags\s*:\s*(.*)$", info.read(), re.MULTILINE)
    return set(found.group(1).split()) if found else set()


config.available_features |= {"cpu-" + flag for flag in cpu_flags()}
if os.geteuid() == 0:
    config.available_features.add("root")
