# ogee_library(NAME [DEPENDS lib ...] sources ...): one compiler library.
# All share the project's options and one precompiled header of MLIR.
#
# The header is made by a rule of our own and not by target_precompile_headers:
# CMake's wrapper holds the path of the checkout, so that ccache would never find
# in one checkout what another has built. With a checksum beside the header
# (CCACHE_PCH_EXTSUM) ccache hashes that instead of the header itself.
#
# ogee_pch(NAME flags ...): target NAME makes the header for sources with these
# further flags; ogee_use_pch(TARGET NAME) compiles TARGET with it.
function(ogee_pch name)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  set(header ${CMAKE_SOURCE_DIR}/lib/Pch.h)
  set(output ${CMAKE_BINARY_DIR}/lib/${name}.pch)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  separate_arguments(flags UNIX_COMMAND
    "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} -fPIC -std=c++20")
  get_target_property(options ogee_options INTERFACE_COMPILE_OPTIONS)
  list(APPEND flags ${ARGN})
  set(includes -I${CMAKE_SOURCE_DIR} -I${CMAKE_BINARY_DIR})
  foreach(directory ${LLVM_INCLUDE_DIRS})
    list(APPEND includes -isystem ${directory})
  endforeach()
  add_custom_command(OUTPUT ${output} ${output}.sum
    COMMAND ${CMAKE_CXX_COMPILER} ${flags} ${options} ${includes}
      -Xclang -fno-pch-timestamp -x c++-header ${header} -o ${output}
    COMMAND ${CMAKE_COMMAND} -E echo "${LLVM_PACKAGE_VERSION} ${flags}" > ${output}.sum
    COMMAND ${CMAKE_COMMAND} -E cat ${header} >> ${output}.sum
    DEPENDS ${header}
    COMMENT "Precompiling lib/Pch.h for ${name}" VERBATIM)
  add_custom_target(${name} DEPENDS ${output})
endfunction()

function(ogee_use_pch target name)
  if(TARGET ${name})
    target_compile_options(${target} PRIVATE
      -include-pch ${CMAKE_BINARY_DIR}/lib/${name}.pch
      "SHELL:-Xclang -fno-pch-timestamp")
    add_dependencies(${target} ${name})
  endif()
endfunction()

ogee_pch(ogee_pch)

function(ogee_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;TABLEGEN" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ogee_options ${ARG_DEPENDS})
  ogee_use_pch(${name} ogee_pch)
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
