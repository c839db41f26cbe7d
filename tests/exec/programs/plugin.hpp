// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_EXEC_PROGRAMS_PLUGIN_HPP
#define XRAYON_TESTS_EXEC_PROGRAMS_PLUGIN_HPP

#include <cstddef>

/// What a plug-in offers, by the one name that it exports: `plugin_table`. Nothing of the library is in it, so that a program that does
/// not use the library can load it.
struct plugin_functions {
    const void* (*state)();             ///< Its address of the process-wide state.
    void* (*make_pool)(int threads);
    void (*destroy_pool)(void*);
    std::size_t (*sum)(const void*, std::size_t n);  ///< 0 + ... + (n - 1) on a pool, perhaps another's; null: outside of any.
    void (*throw_argument_error)();
    bool (*catches)(void (*throws)());  ///< Whether it catches that as its own argument_error, with the value.
    std::size_t (*blas_users)();
    void* (*hold_blas)();
    void (*release_blas)(void*);
    std::size_t (*generation)();        ///< How many forks it has seen.
};

#endif // XRAYON_TESTS_EXEC_PROGRAMS_PLUGIN_HPP
