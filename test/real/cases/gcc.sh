# gcc and g++ on large generated files; the object files are compared.
# needs: gcc g++ python3
# quick: yes
size=300
[[ $SCALE == quick ]] || size=1500
/usr/bin/python3 "$INPUT/make_sources.py" "$size"
cp "$INPUT/templates.cpp" .
gcc -O2 -g -c generated.c -o out/generated-c.o
g++ -O2 -g -c generated.cpp -o out/generated-cpp.o
g++ -O1 -c templates.cpp -o out/templates.o
if [[ $SCALE == full ]]; then
	gcc -O2 -flto -c generated.c -o lto.o
	g++ -O3 -c templates.cpp -o out/templates-O3.o
	g++ -O2 templates.cpp -o program
	./program
fi
