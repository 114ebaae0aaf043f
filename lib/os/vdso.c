/* Reading the vDSO: the dynamic symbols of an ELF image in memory. */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "vdso.h"

/* The words of a DT_GNU_HASH table before its Bloom filter. */
enum { GNU_BUCKETS, GNU_FIRST_SYMBOL, GNU_BLOOM_WORDS, GNU_SHIFT, GNU_HEADER };

struct symbols {
	const char *base; /* what addresses in the image count from */
	const ElfW(Sym) *table;
	const char *names;
	const uint32_t *hash;	  /* DT_HASH, or NULL */
	const uint32_t *gnu_hash; /* DT_GNU_HASH, or NULL */
};

static bool is_elf(const ElfW(Ehdr) *ehdr)
{
	return !memcmp(ehdr->e_ident, ELFMAG, SELFMAG) &&
	       ehdr->e_phentsize == sizeof(ElfW(Phdr));
}

static void read_dynamic(struct symbols *s, const ElfW(Dyn) *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *p = s->base + d->d_un.d_ptr;

		if (d->d_tag == DT_SYMTAB)
			s->table = p;
		else if (d->d_tag == DT_STRTAB)
			s->names = p;
		else if (d->d_tag == DT_HASH)
			s->hash = p;
		else if (d->d_tag == DT_GNU_HASH)
			s->gnu_hash = p;
	}
}

/* False when the image has no dynamic symbols. */
static bool find_symbols(struct symbols *s, const char *image)
{
	const ElfW(Ehdr) *ehdr = (const void *)image;
	const ElfW(Phdr) *phdr = (const void *)(image + ehdr->e_phoff);
	const char *dynamic = NULL;

	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD && !s->base)
			s->base = image + phdr[i].p_offset - phdr[i].p_vaddr;
		else if (phdr[i].p_type == PT_DYNAMIC)
			dynamic = image + phdr[i].p_offset;
	}
	if (!s->base || !dynamic)
		return false;
	read_dynamic(s, (const void *)dynamic);
	return s->table && s->names && (s->hash || s->gnu_hash);
}

/* The symbols of a bucket stand in a row; the last one's hash is odd. */
static uint32_t count_by_gnu_hash(const uint32_t *h)
{
	size_t words = h[GNU_BLOOM_WORDS] * (sizeof(ElfW(Addr)) / sizeof(*h));
	const uint32_t *bucket = h + GNU_HEADER + words;
	const uint32_t *chain = bucket + h[GNU_BUCKETS];
	uint32_t last = 0;

	for (uint32_t i = 0; i < h[GNU_BUCKETS]; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < h[GNU_FIRST_SYMBOL])
		return 0;
	while (!(chain[last - h[GNU_FIRST_SYMBOL]] & 1))
		last++;
	return last + 1;
}

/* A DT_HASH table's second word is how many symbols there are. */
static uint32_t count_symbols(const struct symbols *s)
{
	return s->hash ? s->hash[1] : count_by_gnu_hash(s->gnu_hash);
}

static bool is_function(const ElfW(Sym) *sym)
{
	return sym->st_shndx != SHN_UNDEF &&
	       ELF64_ST_TYPE(sym->st_info) == STT_FUNC;
}

const void *vdso_function(const void *image, const char *name)
{
	struct symbols s = {0};
	uint32_t nr;

	if (!image || !is_elf(image) || !find_symbols(&s, image))
		return NULL;
	nr = count_symbols(&s);
	for (uint32_t i = 0; i < nr; i++) {
		const ElfW(Sym) *sym = &s.table[i];

		if (is_function(sym) &&
		    !strncmp(s.names + sym->st_name, name, strlen(name) + 1))
			return s.base + sym->st_value;
	}
	return NULL;
}

const void *vdso_image(void)
{
	int saved = errno; /* which getauxval() sets where there is none */
	const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);

	errno = saved;
	return image;
}
