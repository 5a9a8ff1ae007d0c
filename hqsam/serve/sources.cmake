# SPDX-License-Identifier: Apache-2.0
# Boost.Beast, its headers alone, for one file; and the page's files as a source of bytes.
find_path(BOOST_BEAST_INCLUDE_DIR boost/beast/http.hpp REQUIRED DOC "libboost-dev: headers of Boost 1.81 or newer")
set(http_server ${CMAKE_CURRENT_LIST_DIR}/http_server.cpp)
set_source_files_properties(${http_server} PROPERTIES COMPILE_DEFINITIONS "BOOST_ALL_NO_LIB;BOOST_DATE_TIME_NO_LIB")
if(NOT BOOST_BEAST_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
  set_source_files_properties(${http_server} PROPERTIES INCLUDE_DIRECTORIES ${BOOST_BEAST_INCLUDE_DIR})
endif()

set(page_folder ${CMAKE_CURRENT_LIST_DIR}/page)
file(GLOB_RECURSE page_files CONFIGURE_DEPENDS ${page_folder}/*)
set(page_source ${CMAKE_BINARY_DIR}/generated/page_files.cpp)
add_custom_command(OUTPUT ${page_source}
  COMMAND ${CMAKE_COMMAND} -DFOLDER=${page_folder} -DOUTPUT=${page_source} -P ${CMAKE_CURRENT_LIST_DIR}/page_files.cmake
  DEPENDS ${page_files} ${CMAKE_CURRENT_LIST_DIR}/page_files.cmake
  COMMENT "The page of hqsam annotate" VERBATIM)
list(APPEND sources ${page_source})
