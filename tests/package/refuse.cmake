# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.22)

# expect_refusal(words project-text option...): configuring fails, and says these words
function(expect_refusal words text)
  file(REMOVE_RECURSE "${WORK_DIR}")
  file(WRITE "${WORK_DIR}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22...3.31)\nproject(refused LANGUAGES CXX)\n${text}\n")
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${WORK_DIR}" -B "${WORK_DIR}/build" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
      "-DCMAKE_PREFIX_PATH=${PREFIX}" ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(status STREQUAL "0")
    message(SEND_ERROR "not refused: ${text} ${ARGN}")
  elseif(NOT output MATCHES "${words}")
    message(SEND_ERROR "refused, but not with \"${words}\":\n${output}")
  endif()
endfunction()

expect_refusal("compatible with requested version" "find_package(xrayon 0.99 REQUIRED)")
expect_refusal("compatible with requested version" "find_package(xrayon 1 REQUIRED)")
expect_refusal("no component 'blass'" "find_package(xrayon 0.1 REQUIRED COMPONENTS blass)")
expect_refusal("XTENSOR_USE_TBB" "find_package(xrayon 0.1 REQUIRED)" -DXTENSOR_USE_TBB=ON)
expect_refusal("XTENSOR_USE_TBB" "add_subdirectory(\"${SOURCE_DIR}\" xrayon)" -DXTENSOR_USE_TBB=ON)
expect_refusal("needs Random123's headers .Debian and Ubuntu: librandom123-dev." "find_package(xrayon 0.1 REQUIRED)"
  "-DCMAKE_IGNORE_PATH=${RANDOM123_DIR}")
expect_refusal("needs Random123's headers .Debian and Ubuntu: librandom123-dev." "add_subdirectory(\"${SOURCE_DIR}\" xrayon)"
  "-DCMAKE_IGNORE_PATH=${RANDOM123_DIR}")
# BLAS is optional: without one the package is found, and only its component is missing.
set(no_blas -DCMAKE_DISABLE_FIND_PACKAGE_BLAS=ON)
expect_refusal("component blas: no BLAS found" "find_package(xrayon 0.1 REQUIRED COMPONENTS blas)" ${no_blas})
expect_refusal("as it should be" "find_package(xrayon 0.1 REQUIRED OPTIONAL_COMPONENTS blas)
if(TARGET xrayon::xrayon AND NOT TARGET xrayon::blas)
  message(FATAL_ERROR \"as it should be\")
endif()" ${no_blas})
expect_refusal("as it should be" "add_subdirectory(\"${SOURCE_DIR}\" xrayon)
if(TARGET xrayon::xrayon AND NOT TARGET xrayon::blas)
  message(FATAL_ERROR \"as it should be\")
endif()" ${no_blas})
