//! The plans of the last few schemas, for those who recompute on each request.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;

use crate::{EngineError, Plan, PlanOptions};

/// An engine sees few schemas: that of a tape, that of yesterday's.
const KEPT: usize = 8;

/// Plans by schema and options, the latest first.
#[derive(Default)]
pub(crate) struct RecentPlans(Mutex<Vec<Recent>>);

struct Recent {
    schema: SchemaRef,
    options: PlanOptions,
    plan: Arc<Plan>,
}

impl RecentPlans {
    /// The plan that is kept for this schema and these options, or else a new one.
    pub(crate) fn get_or_plan(
        &self,
        schema: &SchemaRef,
        options: &PlanOptions,
        plan: impl FnOnce() -> Result<Plan, EngineError>,
    ) -> Result<Arc<Plan>, EngineError> {
        // A thread that panicked left whole plans behind: they are put in and taken out at once.
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = recent.iter().position(|kept| kept.schema == *schema && kept.options == *options)
        {
            recent[..=index].rotate_right(1);
            return Ok(Arc::clone(&recent[0].plan));
        }
        let plan = Arc::new(plan()?);
        recent.truncate(KEPT - 1);
        let kept = Recent { schema: Arc::clone(schema), options: options.clone(), plan: Arc::clone(&plan) };
        recent.insert(0, kept);
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Unit, sum};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn a_plan_is_made_once_for_a_schema_and_options() {
        let kpi = FormulaKpi::new(KpiSpec::new("a", "A", Unit::Ratio), sum("ead"));
        let schema = |nullable, columns: usize| {
            let extra = (1..columns).map(|index| Field::new(format!("c{index}"), DataType::Utf8, true));
            let fields = std::iter::once(Field::new("ead", DataType::Int64, nullable)).chain(extra);
            SchemaRef::new(Schema::new(fields.collect::<Vec<_>>()))
        };
        let recent = RecentPlans::default();
        let made = std::cell::Cell::new(0);
        let get = |schema: &SchemaRef, options: &PlanOptions| {
            let plan = recent.get_or_plan(schema, options, || {
                made.set(made.get() + 1);
                Plan::new(&[&kpi as &dyn Kpi], schema, options)
            });
            plan.unwrap()
        };
        let options = PlanOptions::default();
        let first = get(&schema(true, 1), &options);
        assert!(Arc::ptr_eq(&first, &get(&schema(true, 1), &options)));
        assert_eq!(made.get(), 1);
        let dated = PlanOptions { groups: vec![vec!["ead".into()]], ..PlanOptions::default() };
        assert_ne!(get(&schema(true, 1), &dated).fingerprint(), first.fingerprint());
        get(&schema(false, 1), &options);
        assert_eq!(made.get(), 3);
        // Others push it out in the end, but not while it is asked for.
        for columns in 2..20 {
            get(&schema(true, columns), &options);
            assert!(Arc::ptr_eq(&first, &get(&schema(true, 1), &options)), "{columns}");
        }
        let before = made.get();
        (20..30).for_each(|columns| drop(get(&schema(true, columns), &options)));
        get(&schema(true, 1), &options);
        assert_eq!(made.get(), before + 11);
    }

    #[test]
    fn a_refused_plan_is_not_kept() {
        let recent = RecentPlans::default();
        let schema = SchemaRef::new(Schema::empty());
        let refuse = || Err(EngineError::DuplicateKpi { id: "a".to_owned() });
        for _ in 0..2 {
            assert!(recent.get_or_plan(&schema, &PlanOptions::default(), refuse).is_err());
        }
    }
}
