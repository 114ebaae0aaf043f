# A library of 60 small generated files.
cmake_minimum_required(VERSION 3.13)
project(p C)
foreach(i RANGE 1 60)
	file(WRITE ${CMAKE_BINARY_DIR}/f${i}.c
		"int f${i}(void);\nint f${i}(void)\n{\n\treturn ${i};\n}\n")
	list(APPEND files ${CMAKE_BINARY_DIR}/f${i}.c)
endforeach()
add_library(p STATIC ${files})
