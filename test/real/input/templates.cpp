// Templates that make a compiler work, and a program that prints a little.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

template <int N> struct list {
	int value = N;
	list<N - 1> rest;
	int sum() const { return value + rest.sum(); }
};

template <> struct list<0> {
	int sum() const { return 0; }
};

template <std::size_t... I>
auto make_tuples(std::index_sequence<I...>)
{
	return std::make_tuple(std::vector<std::pair<int, double>>(I)...);
}

template <typename... V> struct visitor : V... {
	using V::operator()...;
};
template <typename... V> visitor(V...) -> visitor<V...>;

using value = std::variant<int, double, std::string, std::vector<int>>;

static std::string describe(const value &v)
{
	std::ostringstream out;

	std::visit(visitor{[&](int i) { out << "int " << i; },
			   [&](double d) { out << "double " << d; },
			   [&](const std::string &s) { out << "text " << s; },
			   [&](const std::vector<int> &a) {
				   out << "list of " << a.size();
			   }},
		   v);
	return out.str();
}

static std::map<std::string, int> count_words(const std::string &text)
{
	std::map<std::string, int> counts;
	std::regex word("[a-z]+");

	for (std::sregex_iterator i(text.begin(), text.end(), word), end;
	     i != end; ++i)
		counts[i->str()]++;
	return counts;
}

int main()
{
	auto tuples = make_tuples(std::make_index_sequence<60>());
	std::unordered_map<std::string, std::set<int>> sets;
	std::vector<std::function<int(int)>> functions;

	for (int i = 0; i < 1000; i++) {
		sets["k" + std::to_string(i % 37)].insert(i);
		functions.emplace_back([i](int x) { return x * 31 + i; });
	}
	int x = 0;
	for (auto &f : functions)
		x = f(x) % 1000003;
	std::cout << list<200>().sum() << ' ' << x << ' ' << sets["k5"].size()
		  << ' ' << std::get<59>(tuples).size() << '\n';
	for (const value &v : {value(3), value(2.5), value("abc"),
			       value(std::vector<int>(9))})
		std::cout << describe(v) << '\n';
	for (auto &[word, n] : count_words("the cat and the dog and the end"))
		std::cout << word << ' ' << n << '\n';
}
