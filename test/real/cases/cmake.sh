# A configure and a build of a small project: cmake, ninja, cc, ld.
# needs: cmake ninja cc nm
# quick: no
cp "$INPUT/project.cmake" CMakeLists.txt
cmake -G Ninja -B build . >/dev/null
ninja -C build | tail -n 1
nm build/libp.a | grep ' T '
