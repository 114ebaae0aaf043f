# What `cmake --install` puts where. All of it finds its parts from its own
# place, so that the whole may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/libbuddy)
set(generated ${PROJECT_BINARY_DIR}/install)

install(TARGETS buddy_shared buddy_static buddy_prefix EXPORT libbuddy
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/buddy.h
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/gdb.py
	DESTINATION ${CMAKE_INSTALL_DATADIR}/libbuddy)

# ---- the command ----------------------------------------------------------

file(RELATIVE_PATH BUDDY_LIBRARY_FROM_BIN ${CMAKE_INSTALL_FULL_BINDIR}
	${CMAKE_INSTALL_FULL_LIBDIR}/libbuddy.so.1)
configure_file(${CMAKE_CURRENT_LIST_DIR}/buddy ${generated}/buddy @ONLY)
install(PROGRAMS ${generated}/buddy DESTINATION ${CMAKE_INSTALL_BINDIR})

# ---- find_package(libbuddy) -----------------------------------------------

foreach(product shared static prefix)
	set_property(TARGET buddy_${product} PROPERTY EXPORT_NAME ${product})
endforeach()
install(EXPORT libbuddy NAMESPACE libbuddy:: FILE libbuddyTargets.cmake
	DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/libbuddyConfig.cmake.in
	${generated}/libbuddyConfig.cmake
	INSTALL_DESTINATION ${package_folder}
	NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${generated}/libbuddyConfigVersion.cmake
	COMPATIBILITY SameMajorVersion)
install(FILES ${generated}/libbuddyConfig.cmake
	${generated}/libbuddyConfigVersion.cmake
	DESTINATION ${package_folder})

# ---- pkg-config -----------------------------------------------------------

file(RELATIVE_PATH BUDDY_INCLUDE_FROM_PC
	${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
	${CMAKE_INSTALL_FULL_INCLUDEDIR})

function(install_pc name description libs libs_private)
	configure_file(${PROJECT_SOURCE_DIR}/preload/libbuddy.pc.in
		${generated}/lib${name}.pc @ONLY)
	install(FILES ${generated}/lib${name}.pc
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

install_pc(buddy "malloc for the whole process, built as the kernel's memory is"
	"-lbuddy" "-pthread")
# There is no shared one.
install_pc(buddy_prefix "libbuddy's own functions, beside another malloc"
	"-lbuddy_prefix -pthread" "")
