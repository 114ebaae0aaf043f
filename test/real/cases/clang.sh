# clang, an optional one more: another compiler, in C++ throughout.
# needs: clang clang++ python3
# quick: no
/usr/bin/python3 "$INPUT/make_sources.py" 600
cp "$INPUT/templates.cpp" .
clang -O2 -g -c generated.c -o out/generated-c.o
clang++ -std=c++17 -O2 -c generated.cpp -o out/generated-cpp.o
clang++ -std=c++17 -O2 -c templates.cpp -o out/templates.o
