# ogee_library(NAME [DEPENDS lib ...] sources ...): one compiler library.
# All share the project's options and one precompiled header of MLIR.
add_library(ogee_pch OBJECT ${CMAKE_SOURCE_DIR}/lib/Pch.cpp)
target_link_libraries(ogee_pch PUBLIC ogee_options)
target_precompile_headers(ogee_pch PRIVATE ${CMAKE_SOURCE_DIR}/lib/Pch.h)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # Without a time stamp in the header, ccache can reuse what was built with it.
  target_compile_options(ogee_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

function(ogee_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;TABLEGEN" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ogee_options ${ARG_DEPENDS})
  target_precompile_headers(${name} REUSE_FROM ogee_pch)
  if(ARG_TABLEGEN)
    add_dependencies(${name} ${ARG_TABLEGEN})
  endif()
  # Headers of a library include what its dependencies generate.
  foreach(dependency ${ARG_DEPENDS})
    add_dependencies(${name} ${dependency})
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
