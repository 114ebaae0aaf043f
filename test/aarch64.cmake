# For test/run --arch aarch64: Debian's cross compiler, and the emulator that runs
# what it builds.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

# As test/unpack-foreign left it.
set(CMOCKA_LIBRARY ${CMAKE_BINARY_DIR}/packages/usr/lib/aarch64-linux-gnu/libcmocka.so)
include_directories(SYSTEM ${CMAKE_BINARY_DIR}/packages/usr/include)
