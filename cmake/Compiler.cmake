# SPDX-License-Identifier: Apache-2.0
# Language level, warnings, sanitizers; the same for every room, so that rooms can share one precompiled header.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_library(hqsam_flags INTERFACE)
# -fPIC for programs too: all targets must agree to share the precompiled header.
target_compile_options(hqsam_flags INTERFACE -fPIC)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(hqsam_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")  # for ccache
endif()
# Options structs are filled by designated initializers; the fields left out have defaults.
target_compile_options(hqsam_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
if(HQSAM_WERROR)
  target_compile_options(hqsam_flags INTERFACE -Werror)
endif()
if(HQSAM_SANITIZE)
  target_compile_options(hqsam_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(hqsam_flags INTERFACE -fsanitize=address,undefined)
endif()
