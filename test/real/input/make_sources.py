"""Writes generated.c and generated.cpp, of as many functions as asked for."""

import random
import sys

OPERATORS = ["+", "-", "*", "^", "&", "|"]


def expression(rng, depth):
    if depth == 0:
        return rng.choice(["a", "b", "c", str(rng.randrange(1000))])
    return (f"({expression(rng, depth - 1)} {rng.choice(OPERATORS)} "
            f"{expression(rng, depth - 1)})")


def c_function(rng, index):
    lines = [f"unsigned f{index}(unsigned a, unsigned b, unsigned c)", "{",
             f"\tstruct s{index} v = {{a, b, {{0}}}};"]
    for step in range(rng.randrange(2, 8)):
        lines += [f"\tfor (a = 0; a < {rng.randrange(2, 40)}; a++)",
                  f"\t\tv.e[{step}] += {expression(rng, 4)};",
                  f"\tif ({expression(rng, 2)} > b)",
                  f"\t\tc ^= {expression(rng, 3)};"]
    if index:
        lines.append(f"\tc += f{rng.randrange(index)}(c, b, a);")
    lines += ["\treturn v.e[0] + v.e[7] + v.x + c;", "}"]
    return (f"struct s{index} {{ unsigned x, y, e[8]; }};\n"
            + "\n".join(lines) + "\n")


def cpp_class(rng, index):
    return f"""
struct c{index} {{
	std::map<std::string, std::vector<int>> m;
	std::unique_ptr<c{max(index - 1, 0)}> next;
	template <typename T> int add(T t)
	{{
		m["k{rng.randrange(99)}"].push_back({expression(rng, 2)
            .replace("a", "(int)t").replace("b", "1").replace("c", "2")});
		return std::accumulate(m.begin(), m.end(), 0,
			[](int s, const auto &p) {{
				return s + (int)p.second.size();
			}});
	}}
}};
int use{index}(c{index} &x)
{{
	return x.add({index}) + x.add({index}.5) + x.add('{index % 10}');
}}
"""


def main():
    count = int(sys.argv[1])
    rng = random.Random(1)
    with open("generated.c", "w", encoding="ascii") as f:
        for index in range(count):
            f.write(c_function(rng, index))
    with open("generated.cpp", "w", encoding="ascii") as f:
        for header in ("map", "memory", "numeric", "string", "vector"):
            f.write(f"#include <{header}>\n")
        for index in range(count // 10):
            f.write(cpp_class(rng, index))


if __name__ == "__main__":
    main()
