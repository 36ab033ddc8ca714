# ogee_library(NAME [DEPENDS lib ...] sources ...): one compiler library.
# All share the project's options and one precompiled header of MLIR.
#
# The header is made by a rule of our own and not by target_precompile_headers:
# CMake's wrapper holds the path of the checkout, so that ccache would never find
# in one checkout what another has built. With a checksum beside the header
# (CCACHE_PCH_EXTSUM) ccache hashes that instead of the header itself.
set(OGEE_PCH ${CMAKE_BINARY_DIR}/lib/Pch.h.pch)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  separate_arguments(pch_flags UNIX_COMMAND
    "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} -fPIC -std=c++20")
  get_target_property(pch_options ogee_options INTERFACE_COMPILE_OPTIONS)
  set(pch_includes -I${CMAKE_SOURCE_DIR} -I${CMAKE_BINARY_DIR})
  foreach(directory ${LLVM_INCLUDE_DIRS})
    list(APPEND pch_includes -isystem ${directory})
  endforeach()
  add_custom_command(OUTPUT ${OGEE_PCH} ${OGEE_PCH}.sum
    COMMAND ${CMAKE_CXX_COMPILER} ${pch_flags} ${pch_options} ${pch_includes}
      -Xclang -fno-pch-timestamp -x c++-header ${CMAKE_SOURCE_DIR}/lib/Pch.h -o ${OGEE_PCH}
    COMMAND ${CMAKE_COMMAND} -E echo "${LLVM_PACKAGE_VERSION} ${pch_flags}" > ${OGEE_PCH}.sum
    COMMAND ${CMAKE_COMMAND} -E cat ${CMAKE_SOURCE_DIR}/lib/Pch.h >> ${OGEE_PCH}.sum
    DEPENDS ${CMAKE_SOURCE_DIR}/lib/Pch.h
    COMMENT "Precompiling lib/Pch.h" VERBATIM)
  add_custom_target(ogee_pch DEPENDS ${OGEE_PCH})
endif()

function(ogee_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;TABLEGEN" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ogee_options ${ARG_DEPENDS})
  if(TARGET ogee_pch)
    target_compile_options(${name} PRIVATE -include-pch ${OGEE_PCH}
      "SHELL:-Xclang -fno-pch-timestamp")
    add_dependencies(${name} ogee_pch)
  endif()
  if(ARG_TABLEGEN)
    add_dependencies(${name} ${ARG_TABLEGEN})
  endif()
  # Headers of a library include what its dependencies generate.
  foreach(dependency ${ARG_DEPENDS})
    if(TARGET ${dependency})
      add_dependencies(${name} ${dependency})
    endif()
  endforeach()
endfunction()

# ogee_tablegen(TARGET file.td output flags ...): pairs of output and flags.
function(ogee_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(arguments ${ARGN})
  while(arguments)
    list(POP_FRONT arguments output flags)
    separate_arguments(flags)
    mlir_tablegen(${output} ${flags})
  endwhile()
  add_public_tablegen_target(${target})
endfunction()
