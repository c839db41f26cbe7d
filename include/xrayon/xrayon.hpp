// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_XRAYON_HPP
#define XRAYON_XRAYON_HPP

// Everything but what needs more packages, BLAS (array/blas.hpp) and range-v3 (par/range_v3.hpp), and but most of machine learning, which takes
// a compiler as long again: ml/ml.hpp has it, and ml/models the reference models.

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/scalability_benchmark.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/axis_slices.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/progress_line.hpp>
#include <xrayon/exec/runtime_info.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_csv.hpp>
#include <xrayon/io/write_npy.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/train_test_split.hpp>
#include <xrayon/par/argsort.hpp>
#include <xrayon/par/bridge.hpp>
#include <xrayon/par/broadcast.hpp>
#include <xrayon/par/chunks.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/is_sorted.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/ordered.hpp>
#include <xrayon/par/scan.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/sort.hpp>
#include <xrayon/par/spawn.hpp>
#include <xrayon/par/split.hpp>
#include <xrayon/par/top_k.hpp>
#include <xrayon/par/tree.hpp>
#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/exponential.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/sample.hpp>
#include <xrayon/random/shuffle.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>
#include <xrayon/random/weighted.hpp>
#include <xrayon/schedule/cost_model.hpp>
#include <xrayon/schedule/invoke_all.hpp>
#include <xrayon/schedule/zip_invoke.hpp>
#include <xrayon/version.hpp>

#endif // XRAYON_XRAYON_HPP
